"""What channels call back with: receipts, wishes to get no more, and subscriptions, as JSON Lines on SFTP.

What: the brand's web tier answers the platforms' callbacks and writes each, as it came, into an envelope of ours:
event_id, channel, received_at, body. The body is the platform's own: Aliyun and Tencent receipts and replies,
official account and WeCom events, e-mail, and what users of the mini program say to subscription messages (a
`List` of one comes from WeChat as an object now and then; the web tier writes it as a list, and a MsgID as text). A
platform repeats what was not answered in time: the event_id tells.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.callbacks --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
