"""A stand-in for Klaviyo's API, written from its OpenAPI document; it holds real state and is as strict as the spec."""

from segsync_klaviyo.sandbox.account import Account, Flow, Job, MailingList, Profile
from segsync_klaviyo.sandbox.app import KlaviyoSandbox

__all__ = ["Account", "Flow", "Job", "KlaviyoSandbox", "MailingList", "Profile"]
