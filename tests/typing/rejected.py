"""A consumer's mistakes, which both type checkers must reject: an ignore that is not needed is an error."""

import settled
from settled import cortex_xsiam
from settled_clients import cortex_xsiam as generated

client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
job = cortex_xsiam.byos_import(client, "7")

settled.wait(job)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, timeout="900")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, unknown="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(client, timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.byos_import(client, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.byos_import(generated.Client("x"), "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.connect("tenant.invalid", key="k")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
print(job.fetch().body.no_such_field)  # type: ignore[attr-defined]  # pyright: ignore
