"""Vendors like three real ones, made of the scaffold: what a maintainer writes by hand, and how many lines that is.

The facts are the vendors' (GitHub's workflow runs, Harbor's replications, Airbyte's jobs), from their public pages.
"""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path

import attrs
import pytest

from _scaffold import check, copied, new_api
from _specs import files, load_generate

pytestmark = pytest.mark.slow

generate = load_generate()


@attrs.frozen
class Vendor:
    """A vendor, and what is written by hand: `-` goes from a file, and `+` comes in its place.

    The marks FILL IN at other lines, which are right as they are, go without being told.
    """

    name: str
    command: str
    edits: str


GITHUB = Vendor(
    "github",
    """\
--auth bearer --job run --path /repos/{owner}/{repo}/actions/runs/{run_id} --conclusion
--submit /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches
""",
    '''\
specs/github.yaml
-  title: "FILL IN: the API"
-  summary: "FILL IN: what its runs do"
+  title: GitHub
+  summary: Runs of workflows
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Get a workflow run
+        product: GitHub REST API
-                id: "17" # FILL IN
+                id: 17
-                conclusion: failed # FILL IN
-                message: The disk is full # FILL IN
+                conclusion: failure
-                message: No such run # FILL IN
+                message: Not Found
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Create a workflow dispatch event
+        product: GitHub REST API
-              name: nightly # FILL IN
+              ref: main
+              return_run_details: true
-        "201": # FILL IN
+        "200":
-                id: "18" # FILL IN
+                workflow_run_id: 18
-          type: string
+          type: integer
-        message: # FILL IN
-          type: string
-          description: What went wrong, if anything did.
-      enum: [running, completed] # FILL IN
+      enum: [queued, in_progress, completed, waiting, requested, pending]
-      enum: [succeeded, failed, cancelled] # FILL IN
+      enum: [success, failure, neutral, cancelled, skipped, timed_out, action_required, stale]
-      required: [name] # FILL IN
+      required: [ref]
-        name: # FILL IN
+        ref:
-          description: What the run is called.
+          description: The branch or tag to run on.
+        return_run_details:
+          type: boolean
+          description: Whether the answer is to name the run.
-        id: # FILL IN
-          type: string
+        workflow_run_id:
+          type: integer
overlay/settled/github.py
-"""Github: FILL IN what its runs do.
+"""GitHub: runs of workflows.
-From the vendor's page "FILL IN".
+From the vendor's page "Get a workflow run".
-    SUCCEEDED = "succeeded", Outcome.SUCCEEDED  # FILL IN
-    FAILED = "failed", Outcome.FAILED  # FILL IN
+    SUCCESS = "success", Outcome.SUCCEEDED
+    NEUTRAL = "neutral", Outcome.SUCCEEDED
+    FAILURE = "failure", Outcome.FAILED
+    STALE = "stale", Outcome.FAILED
+    ACTION_REQUIRED = "action_required", Outcome.FAILED
+    TIMED_OUT = "timed_out", Outcome.TIMED_OUT
+    SKIPPED = "skipped", Outcome.SKIPPED
-    detail: str | None = raw.get("message")  # FILL IN
-    return Reading(status, GithubRunTerminal.outcome_of(status), detail=detail or None)
+    return Reading(status, GithubRunTerminal.outcome_of(status))
-    running=frozenset({"running", "completed"}),  # FILL IN
+    running=frozenset({"queued", "in_progress", "completed", "waiting", "requested", "pending"}),
-    name: str,  # FILL IN
+    ref: str,
-    body = models.NewRun(name=name)  # FILL IN
+    body = models.NewRun(ref=ref, return_run_details=True)
-    started = "id"  # FILL IN
+    started = "workflow_run_id"
tests/vendors/test_github.py
-RUNNING = {"status": "running", "conclusion": None}  # FILL IN
-STARTED = {"id": "18"}  # FILL IN
+RUNNING = {"status": "in_progress", "conclusion": None}
+STARTED = {"workflow_run_id": 18}
-GIVEN, SENT = {"name": "nightly"}, {"name": "nightly"}  # FILL IN
+GIVEN, SENT = {"ref": "main"}, {"ref": "main", "return_run_details": True}
-        ({"status": "completed", "conclusion": "succeeded"}, Outcome.SUCCEEDED, None),  # FILL IN
-        ({"status": "completed", "conclusion": "failed", "message": "full"}, Outcome.FAILED, "full"),  # FILL IN
+        ({"status": "completed", "conclusion": "success"}, Outcome.SUCCEEDED, None),
+        ({"status": "completed", "conclusion": "timed_out"}, Outcome.TIMED_OUT, None),
''',
)
HARBOR = Vendor(
    "harbor",
    """\
--auth basic --job replication --path /replication/executions/{id} --progress
--submit /replication/executions --by-location
""",
    '''\
specs/harbor.yaml
-  title: "FILL IN: the API"
-  summary: "FILL IN: what its replications do"
+  title: Harbor
+  summary: Replications of a container registry
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Get the specific replication execution
+        product: Harbor API
-                id: "17" # FILL IN
-                status: failed # FILL IN
-                message: The disk is full # FILL IN
-                done: 2 # FILL IN
-                total: 3 # FILL IN
+                id: 17
+                status: Failed
+                status_text: no such host
+                total: 3
+                failed: 1
+                succeed: 1
+                stopped: 0
-                message: No such replication # FILL IN
+                errors: [{code: NOT_FOUND, message: execution 17 not found}]
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Start one execution of the replication policy
+        product: Harbor API
-              name: nightly # FILL IN
+              policy_id: 3
-          type: string
+          type: integer
-        message: # FILL IN
+        status_text:
-        done: # FILL IN
+        failed: {type: integer, description: How many tasks failed.}
+        succeed: {type: integer, description: How many tasks succeeded.}
+        stopped:
-          description: How much is done.
+          description: How many tasks were stopped.
-          description: How much there is to do.
+          description: How many tasks there are.
-      enum: [running, succeeded, failed, cancelled] # FILL IN
+      enum: [InProgress, Succeed, Failed, Stopped]
-      required: [name] # FILL IN
+      required: [policy_id]
-        name: # FILL IN
-          type: string
-          description: What the replication is called.
+        policy_id:
+          type: integer
+          description: Which policy says what is replicated.
-        message: # FILL IN
-          type: string
-          description: What went wrong.
+        errors: {type: array, items: {type: object}, description: What went wrong.}
overlay/settled/harbor.py
-"""Harbor: FILL IN what its replications do.
+"""Harbor: replications of a container registry.
-From the vendor's page "FILL IN".
+From the vendor's page "Get the specific replication execution".
-    SUCCEEDED = "succeeded", Outcome.SUCCEEDED  # FILL IN
-    FAILED = "failed", Outcome.FAILED  # FILL IN
-    CANCELLED = "cancelled", Outcome.CANCELLED  # FILL IN
+    SUCCEED = "Succeed", Outcome.SUCCEEDED
+    FAILED = "Failed", Outcome.FAILED
+    STOPPED = "Stopped", Outcome.CANCELLED
-    detail: str | None = raw.get("message")  # FILL IN
-    done, total = raw.get("done"), raw.get("total")  # FILL IN
+    detail: str | None = raw.get("status_text")
+    done, total = sum(raw.get(each) or 0 for each in ("failed", "succeed", "stopped")), raw.get("total")
-    running=frozenset({"running"}),  # FILL IN
+    running=frozenset({"InProgress"}),
-    name: str,  # FILL IN
+    policy_id: int,
-    body = models.NewReplication(name=name)  # FILL IN
+    body = models.NewReplication(policy_id=policy_id)
tests/vendors/test_harbor.py
-RUNNING = {"status": "running"}  # FILL IN
+RUNNING = {"status": "InProgress"}
-GIVEN, SENT = {"name": "nightly"}, {"name": "nightly"}  # FILL IN
+GIVEN, SENT = {"policy_id": 3}, {"policy_id": 3}
-        ({"status": "succeeded"}, Outcome.SUCCEEDED, None),  # FILL IN
-        ({"status": "failed", "message": "full"}, Outcome.FAILED, "full"),  # FILL IN
-        ({"status": "cancelled"}, Outcome.CANCELLED, None),  # FILL IN
+        ({"status": "Succeed"}, Outcome.SUCCEEDED, None),
+        ({"status": "Failed", "status_text": "full"}, Outcome.FAILED, "full"),
+        ({"status": "Stopped"}, Outcome.CANCELLED, None),
-    reply = {"status": "failed", "done": 2, "total": 3}  # FILL IN
+    reply = {"status": "Failed", "failed": 1, "succeed": 1, "total": 3}
''',
)
AIRBYTE = Vendor(
    "airbyte",
    "--auth oauth --path /jobs/{jobId} --submit /jobs\n",
    '''\
specs/airbyte.yaml
-  title: "FILL IN: the API"
-  summary: "FILL IN: what its jobs do"
+  title: Airbyte
+  summary: Syncs of data from a source to a destination
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Get Job status and details
+        product: Airbyte API
-                id: "17" # FILL IN
+                jobId: 17
-                message: The disk is full # FILL IN
+                jobType: sync
-        title: "FILL IN: the title of the vendor's page"
-        product: "FILL IN: the product, as the page names it"
+        title: Trigger a sync or reset job of a connection
+        product: Airbyte API
-              name: nightly # FILL IN
+              connectionId: 18dccc91-0ab1-4f72-9ed7-0b8fc27c5826
+              jobType: sync
-        "201": # FILL IN
+        "200":
-                id: "18" # FILL IN
+                jobId: 18
-          tokenUrl: /oauth/token # FILL IN
+          tokenUrl: /applications/token
-        id: # FILL IN
-          type: string
+        jobId:
+          type: integer
-        message: # FILL IN
+        jobType:
-          description: What went wrong, if anything did.
+          description: What kind of job it is.
-      enum: [running, succeeded, failed, cancelled] # FILL IN
+      enum: [pending, running, incomplete, failed, succeeded, cancelled]
-      required: [name] # FILL IN
+      required: [connectionId, jobType]
-        name: # FILL IN
+        connectionId:
-          description: What the job is called.
+          description: Which connection is synced.
+        jobType:
+          type: string
+          description: What kind of job is started.
-        id: # FILL IN
-          type: string
+        jobId:
+          type: integer
overlay/settled/airbyte.py
-"""Airbyte: FILL IN what its jobs do.
+"""Airbyte: syncs of data from a source to a destination.
-From the vendor's page "FILL IN".
+From the vendor's page "Get Job status and details".
-    detail: str | None = raw.get("message")  # FILL IN
-    return Reading(status, AirbyteJobTerminal.outcome_of(status), detail=detail or None)
+    return Reading(status, AirbyteJobTerminal.outcome_of(status))
-    running=frozenset({"running"}),  # FILL IN
+    running=frozenset({"pending", "running", "incomplete"}),
-    reply_id=operator.itemgetter("id"),
+    reply_id=operator.itemgetter("jobId"),
-    name: str,  # FILL IN
+    connection_id: str,
-    body = models.NewJob(name=name)  # FILL IN
+    body = models.NewJob(connection_id=connection_id, job_type="sync")
-    started = "id"  # FILL IN
+    started = "jobId"
-    auth = OAuthClientCredentials("/oauth/token", client_id, client_secret)  # FILL IN
+    grant = {"grant-type": "client_credentials"}
+    auth = OAuthClientCredentials("/applications/token", client_id, client_secret, as_json=True, fields=grant)
tests/vendors/test_airbyte.py
-RUNNING = {"status": "running"}  # FILL IN
-STARTED = {"id": "18"}  # FILL IN
+RUNNING = {"status": "incomplete"}
+STARTED = {"jobId": 18}
-GIVEN, SENT = {"name": "nightly"}, {"name": "nightly"}  # FILL IN
+GIVEN, SENT = {"connection_id": "c1"}, {"connectionId": "c1", "jobType": "sync"}
-        ({"status": "failed", "message": "full"}, Outcome.FAILED, "full"),  # FILL IN
+        ({"status": "failed"}, Outcome.FAILED, None),
''',
)


def edit(folder: Path, edits: str) -> dict[Path, int]:
    """Edit files as a maintainer would, from top to bottom; how many lines of each differ from the scaffold then."""
    texts: dict[Path, list[str]] = {}
    changed: dict[Path, int] = {}
    path, at = folder, 0
    for line in edits.splitlines():
        mark, text = line[:1], line[1:]
        if mark not in "+-":
            path, at = folder / line, 0
            texts[path] = path.read_text().splitlines()
        elif mark == "-":
            at = texts[path].index(text, at)
            del texts[path][at]
        else:
            texts[path].insert(at, text)
            at += 1
    for path, lines in texts.items():
        scaffold = path.read_text().splitlines()
        finished = [line.partition("# FILL IN")[0].rstrip() for line in lines]
        changed[path] = sum(line.startswith("+ ") for line in difflib.ndiff(scaffold, finished))
        path.write_text("\n".join([*finished, ""]))
        assert "FILL IN" not in path.read_text()
    return changed


@pytest.mark.parametrize("vendor", [GITHUB, HARBOR, AIRBYTE], ids=lambda vendor: vendor.name)
def test_vendor(tmp_path: Path, vendor: Vendor) -> None:
    """Such a vendor takes at most 60 hand-written lines, and is right by types, style and tests."""
    folder = copied(tmp_path)
    before = files(folder)
    assert new_api.main([vendor.name, *shlex.split(vendor.command), "--root", str(folder)]) == 0
    changed = edit(folder, vendor.edits)
    pages = {folder / "scripts" / "docs" / "pages" / "reference" / f"{vendor.name}.md"}
    assert {folder / name for name in files(folder) if name not in before} == changed.keys() | pages
    # Lines count of which only the mark goes, and those of the command.
    assert sum(changed.values()) + len(vendor.command.splitlines()) <= 60
    check(folder, vendor.name, generate)
