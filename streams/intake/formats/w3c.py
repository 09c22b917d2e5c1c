"""A file in the W3C extended log format, as the documentation shows it; its columns are in `layouts/w3c.py`."""

from __future__ import annotations

SAMPLE = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken\n"
    "2026-05-17 10:05:03 192.0.2.1 GET /list.aspx page=2 443 - 203.0.113.9 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;"
    "+rv:140.0)+Gecko/20100101+Firefox/140.0 https://www.example.com/default.aspx 200 0 0 15"
)
