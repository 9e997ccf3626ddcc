"""OSAPI jobs as azure-core's pollers see them."""

from __future__ import annotations

from typing import Any

from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline import policies
from azure.core.polling.base_polling import LongRunningOperation
from azure.core.rest import HttpRequest

from benchmarks.load import TOKEN


class JobPolling(LongRunningOperation):
    """Polls the URL at which the job was first read, and translates its status words."""

    def can_poll(self, pipeline_response: Any) -> bool:
        """Accept any reply."""
        return bool(pipeline_response.http_response.status_code == 200)

    def get_polling_url(self) -> str:
        """The URL to poll."""
        return self.url

    def set_initial_status(self, pipeline_response: Any) -> str:
        """Remember the URL at which the job was first read."""
        self.url: str = pipeline_response.http_request.url
        return self.get_status(pipeline_response)

    def get_status(self, pipeline_response: Any) -> str:
        """The status, as one of azure-core's words."""
        status = pipeline_response.http_response.json()["status"]
        return "Succeeded" if status == "completed" else "InProgress"

    def get_final_get_url(self, _pipeline_response: Any) -> None:
        """None: the last poll has the result."""


def job_of(pipeline_response: Any) -> Any:
    """The result of the poller."""
    return pipeline_response.http_response.json()


def first_request(url: str) -> HttpRequest:
    """The request that begins to follow a job."""
    return HttpRequest("GET", url)


def pipeline(retry_policy: Any) -> list[Any]:
    """The smallest set of policies that identifies, retries and authenticates polls."""
    key = policies.AzureKeyCredentialPolicy(AzureKeyCredential(TOKEN), "Authorization", prefix="Bearer")
    return [policies.RequestIdPolicy(), policies.UserAgentPolicy("bench"), retry_policy, key]
