"""A consumer's mistakes, which both type checkers must reject: an ignore that is not needed is an error."""

import settled
from settled import agilesec, cortex_xdr, cortex_xsiam, osapi
from settled_clients import cortex_xsiam as generated

xsiam = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
job = cortex_xsiam.byos_import(xsiam, "7")

settled.wait(job)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(job, timeout="900")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, unknown="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
settled.wait(job, timeout=1, retries=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
settled.wait(xsiam, timeout=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
print(job.fetch().body.no_such_field)  # type: ignore[attr-defined]  # pyright: ignore

cortex_xsiam.byos_import(xsiam, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.byos_import(generated.Client("x"), "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xsiam.connect("tenant.invalid", key="k")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

xdr = cortex_xdr.connect("tenant.invalid", key_id=7, key="k")
cortex_xsiam.byos_import(xdr, "7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.action(xsiam, 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
cortex_xdr.action(xdr, 7.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

platform = agilesec.connect("platform.invalid", token="t")
agilesec.create_scan(platform, sensor_type="t")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
agilesec.create_scan(
    platform,
    sensor_type="t",
    sensor_name="n",
    sensor_config={},
    priority="urgent",  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
)
agilesec.submit_scan(platform, sensor_type="t", sensor_name="n", sensor_config={})  # pyright: ignore[reportDeprecated]

server = osapi.connect("server.invalid", token="t")
osapi.job(server, "7", expected_agents="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
osapi.connect("server.invalid")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
