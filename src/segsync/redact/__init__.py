"""What may be shown: masked e-mails and phones for messages, and the trace, in which stand-ins take people's place."""

from segsync.redact.masking import HIDDEN, mask_email, mask_phone, mask_text
from segsync.redact.redaction import Redaction
from segsync.redact.trace import Trace

__all__ = ["HIDDEN", "Redaction", "Trace", "mask_email", "mask_phone", "mask_text"]
