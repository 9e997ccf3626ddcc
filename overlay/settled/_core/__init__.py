"""Decides when to poll a job and what an answer means, without any input or output."""
