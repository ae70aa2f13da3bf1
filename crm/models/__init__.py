"""What a company's CRMs know of its leads, and what comes back from outside."""

from crm.models.backfill import Backfill
from crm.models.calls import PhoneCall
from crm.models.hooks import HookEvent, HookEventStep, IncomingHook, hook_kinds
from crm.models.ledger import FieldConflict, FieldLedger
from crm.models.sign_ins import CrmSignInAttempt
from crm.models.syncing import (
    CrmConnection,
    CrmConnectionQuerySet,
    SyncAttempt,
    SyncRecord,
    SyncRecordQuerySet,
    crm_kinds,
)
from crm.models.timeline import TimelineEntry

__all__ = [
    "Backfill",
    "CrmConnection",
    "CrmConnectionQuerySet",
    "CrmSignInAttempt",
    "FieldConflict",
    "FieldLedger",
    "HookEvent",
    "HookEventStep",
    "IncomingHook",
    "PhoneCall",
    "SyncAttempt",
    "SyncRecord",
    "SyncRecordQuerySet",
    "TimelineEntry",
    "crm_kinds",
    "hook_kinds",
]
