"""The CRM in the console's model pages."""

from crm.admin.hooks import HookEventAdmin, IncomingHookAdmin
from crm.admin.syncing import CrmConnectionAdmin, SyncRecordAdmin

__all__ = ["CrmConnectionAdmin", "HookEventAdmin", "IncomingHookAdmin", "SyncRecordAdmin"]
