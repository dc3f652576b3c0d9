"""Segments to messages: plan a night, send it, settle what is unclear, hear what came back.

plan              published segments -> one decision per person, one ledger row per message
send              claim, call, outcome; a run for an old business date cannot send
settle            what a crash or a lost answer left unknown, by what the channel can do
collect_receipts  delivered, failed, expired
collect_replies   people who answered that they want no more
forget_erased     what lies outside for people who were erased here
held, release     what waits for a person's approval
parked, resolve   what only a person can find out
resume            call a channel again that its receiver switched off
waterfall         what became of everybody
"""

from quanyu.activation.definition import SegmentDefinition
from quanyu.activation.erasure import forget_erased
from quanyu.activation.hold import Hold, held, release
from quanyu.activation.parked import Parked, parked, resolve
from quanyu.activation.pauses import resume
from quanyu.activation.plan import SegmentPlan, plan
from quanyu.activation.receipts import (
    HearsReplies,
    ReceiptReport,
    Reply,
    collect_receipts,
    collect_replies,
    opt_out,
    store_receipts,
)
from quanyu.activation.restored import ClaimLog
from quanyu.activation.send import LEASE, SendReport, campaigns, channels_at_work, send
from quanyu.activation.settle import SettleReport, settle
from quanyu.activation.waterfall import PARTS, WaterfallRow, waterfall

__all__ = [
    "LEASE",
    "PARTS",
    "ClaimLog",
    "HearsReplies",
    "Hold",
    "Parked",
    "ReceiptReport",
    "Reply",
    "SegmentDefinition",
    "SegmentPlan",
    "SendReport",
    "SettleReport",
    "WaterfallRow",
    "campaigns",
    "channels_at_work",
    "collect_receipts",
    "collect_replies",
    "forget_erased",
    "held",
    "opt_out",
    "parked",
    "plan",
    "release",
    "resolve",
    "resume",
    "send",
    "settle",
    "store_receipts",
    "waterfall",
]
