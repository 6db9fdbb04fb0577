"""What the embedded cloud sent: through SNS to staff and subscribers, through SES to applicants.

The engine writes each message down as it is sent (`engine`), so that nothing of it is lost when it ends.
"""

from infrastructure.cloud.letters import Mail, read
from infrastructure.cloud.running import Cloud


def mailbox(cloud: Cloud) -> list[Mail]:
    """Every message since the embedded cloud began to keep them, oldest first."""
    return read(cloud.mail)
