"""Our own tracking: events of the mini program, the app and the web site, as JSON Lines on SFTP.

What: one event a line, in an envelope of our own (event_id, event, occurred_at, platform, appid, device_id,
user_id, openid, unionid, page, ...), because no platform exports raw events. A login in the app carries the SHA-256
of the phone. An event location_shared, with the place rounded by the platform (wx.getFuzzyLocation, GCJ-02), is sent
only by whoever agreed to it, and location_refused when somebody takes that back. The app says push_enabled, with the
registration_id that its push_provider (jpush, getui) gave it, and push_disabled; and popup_shown and popup_clicked,
with the popup_id of the channel in_app_popup.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces; the
day before is read again, because exports are corrected under the next number.

    list -> per day: .done (md5 size rows) -> bytes -> rows of the declared types (source.yml)

Alone: python -m quanyu.sources.tracking --date 2026-11-20
"""

from quanyu.declared import declared_source

SOURCE = declared_source(__file__, __doc__)
