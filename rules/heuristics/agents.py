"""User agents as patterns see them: without the names of devices, and with a mark for browsers.

Makers name devices after robots, spiders and butterflies, so the device's part of a user agent is no place to look for
a crawler's name. Programs of people that send no `Mozilla/` at the beginning are marked by `PERSON` instead of being
taken for libraries. Nothing with characters that an attack needs is left out.
"""

from __future__ import annotations

import re

PERSON = "~"
"""Stands first where the program is one of people's, or runs on a person's device."""

# A slash stands before letters: `FooBot/1.0` is no device, nor is a path that begins with a slash.
_WORD = r"(?:[\w .,+!&@\[\]*-]|(?<=\w)/(?=[A-Za-z]))"
_NAME = rf"(?:{_WORD}|\({_WORD}{{0,12}}\)){{1,60}}?"
_ANDROID = re.compile(
    r"(Android(?:[ /-][0-9][\w.]*)?;(?: (?:U|arm_64|Mobile|Tablet|TV|[a-z]{2}(?:[-_][A-Za-z]{2})?);){0,3})"
    rf" ?{_NAME}"
    r"(?=; wv\)|; rv:|;? Build/|;? MIUI/|[;)](?:[ ;)]|$))"
)
_BEFORE_ANDROID = re.compile(rf"\({_NAME}(?=; Android [0-9])")
_AFTER_ANDROID = re.compile(rf"(Android/[0-9.]+) \({_NAME}\)")
_IN_APP = re.compile(r"Android \([0-9]+/[0-9.]+; [0-9]+dpi;[\w .,;/+-]{0,200}\)")
_BUILD = re.compile(r";? ?Build/[\w.+-]{1,60}")
_TELEVISION = re.compile(r"(HbbTV/[0-9.]+) \([\w .,;+-]{0,200}\)")
_MOBILE = re.compile(rf"\(Mobile; {_NAME}(?=; rv:)")
_IS_CRAWLER = re.compile(r"compatible|googlebot", re.IGNORECASE)

_TEXT_BROWSERS = (
    "Lynx|w3m|E?[Ll]inks|felinks|browsh|Dillo|NetSurf|edbrowse|retawq|Emacs-W3|URL/Emacs|amaya|Offpunk"
    "|Chawan|Uzbl|surf|luakit"
    "|Arora|Dooble|IBrowse|Voyager|AmigaVoyager|NCSA[_ ]Mosaic|Mosaic|Cyberdog|HotJava|Midori|Epiphany|Konqueror|Elvis"
    "|Bunjalloo|NetPositive|OmniWeb|iCab|Galeon|qutebrowser|Contiki|OffByOne|Sunrise|Silk|JioPhone"
    "|UCWEB|Opera|Obigo|Teleca"
    "|Wyzo|Charon|Minimo|IceCat|Iceweasel|Iron"
    "|[Aa][Bb]rowse|rekonq|ReqwireLess|Doris|MIB|\\w{0,20} ?Browser"
    "|Jasmine|Dolfin|NetFront|Openwave|SEMC-Browser|Lunascape|Vivaldi|Falkon|Otter|Nintox|DoCoMo|KDDI|SoftBank|J-PHONE"
    "|Vodafone|BlackBerry|Nokia|SAMSUNG|SEC-|SonyEricsson|LG|MOT-|SIE-|ZTE|HUAWEI|Alcatel|PANTECH"
    "|Sagem|PHILIPS|Sanyo|SHARP"
    "|HTC|Palm|Lenovo|Micromax|Spice|Karbonn|Lava|Xiaomi|OPPO|vivo|TIANYU|KONKA|BIRD|Haier"
    "|Panasonic|Toshiba|QMobile|GIONEE"
)
_PLAYERS = (
    "(?:Lib)?VLC|stagefright|NSPlayer|Windows-Media-Player|WMPlayer|iTunes|QuickTime|AppleCoreMedia"
    "|mpv|MPV|Kodi|XBMC|Plex"
    "|foobar2000|Winamp(?:MPEG)?|Rhythmbox|Clementine|Strawberry|Audacious|Totem|GStreamer|MPlayer"
    "|Banshee|Amarok|Songbird"
    ""
    "|AntennaPod|DoggCatcher|\\w{0,20}[Pp]od(?:catcher|cast)|PlexMediaServer|Overcast|Pocket ?Casts"
    "|CastBox|Podbean|PodcastAddict|Podcasts?|Castro|Downcast"
    "|gPodder|iCatcher|Podcast"
    "|Spotify|Deezer|TuneIn|RadioPublic|Stitcher|SoundCloud|Shazam|ExoPlayer|Lavf|Roku\\w*|Sonos"
    "|Linux UPnP|SMP|BeyondPod"
    "|Player FM|Podkicker|Juice|Instacast|Procast|Miro|Audible|Anghami|Tidal|Emby|Jellyfin|Xine"
    "|xine|KMPlayer|GOM|PotPlayer"
    "|iVoox|Breaker|RSSRadio|Google-?Podcasts|Audacy|Bose|doubleTwist|Zune|RealPlayer|RMA"
    "|Music Player Daemon|HTC Streaming"
)
_SYSTEM = (
    "Microsoft-WNS|Windows-AzureAD-Authentication-Provider|SmartScreen|Xbox|TelegramDesktop|Audials|ANDROID-"
    "|Dalvik|CaptiveNetworkSupport|Microsoft NCSI|Microsoft-CryptoAPI|Windows-Update-Agent|Microsoft BITS|MicrosoftEdge"
    "|Microsoft-Delivery-Optimization|Microsoft-WebDAV-MiniRedir|Microsoft Office|Microsoft Outlook"
    "|MSOffice|Outlook|Apple-PubSub"
    "|trustd|NetworkingExtension|com\\.apple\\.[A-Za-z.]+|Safari|Software%20Update|Software Update|Windows-RSS-Platform"
    "|Thunderbird|Airmail|The Bat!|Evolution|KMail|Lightning|DAVx5|DAVdroid|Nextcloud-(?:android"
    "|iOS)|WhatsApp|Viber|Postbox"
    "|Valve/Steam|Valve Steam|Transmission|uTorrent|BTWebClient|qBittorrent|Deluge|Google ?Earth"
    "|Instapaper|Tumblr|Kindle|Kobo"
    "|NetNewsWire|Reeder|Liferea|Akregator|FeedDemon|RSSOwl|QuiteRSS|Vienna|RSS Guard|Feedbro"
    "|Newsboat|Newsbeuter|JetBrains"
    "|Barca|PocoMail|Sylpheed|Claws Mail|Eudora|Lotus-Notes|Windows-Live-Mail|Spark|Pidgin|Skype|Telegram|Line|Snapchat"
    "|MicroMessenger|WeChat|Instagram|Pinterest|Facebook|FBAN|Twitter|Reddit|Flipboard|Tesla|Garmin"
    "|Fitbit|PlayStation|Nintendo"
)
# These reach for the end of the name, so `Linkscan/1.0` is not Links.
_PROGRAMS = re.compile(
    rf"(?:(?:{_PLAYERS}|{_SYSTEM})(?![A-Za-z]{{2}})|(?:{_TEXT_BROWSERS})(?![a-z]{{2}}))"
    r"[^\s()]{0,80}(?:(?: [0-9v][\w.+-]{0,30})? ?\([^()]{0,200}\))?"
)
_SHORT = 80
"""Browsers of consoles and old telephones that name no engine are shorter."""
_OWN_NAME = re.compile(
    r"Mozilla/[0-9.]+ \((?:DreamPassport|Planetweb|WAVE|Elaine|Dillo|Green ?Browser|MMEF|PLAYSTATION"
    r"|Nintendo|PSP|Palm|iPhone|iPad|X11)"
)
_DEVICE = re.compile(
    r"CFNetwork/|\(com\.[a-z]|\b(?:iPhone|iPad|iPod|iOS|watchOS|tvOS|Android|Dalvik|Tizen|webOS"
    r"|Web0S|SMART-TV|HbbTV|Windows Phone"
    r"|Windows NT [0-9.]+|Macintosh|MIDP|CLDC|UP\.Browser|SymbOS|SymbianOS|Series[ -]?[46]0|KAIOS"
    r"|MAUI|Brew|AmigaOS|MorphOS"
    r"|RISC OS|CrOS|J2ME|WAP[12])\b|NetFront/|BlackBerry|MIUI/|Alamofire/",
)
_ASIDE = re.compile(
    r"libwww(?:-FM)?/[0-9][\w.]*|libsoup/[0-9.]+|souphttpsrc|okhttp/[0-9.]+|FeedUpdate|feedupdate|\(Macintosh\)"
)
_PREVIEW = " Technology Preview"
_ADDRESS = re.compile(r"\+?https?://[\w./-]{1,80}")
_ROBOT = re.compile(r"bot(?![a-z])|crawl|spider|scrap", re.IGNORECASE)
_COMPATIBLE = re.compile(
    r"\([cC]ompatible[;,] ?(?=Origyn|Odyssey|OWB|WebPositive|MMEF|Nokia|Green ?Browser|U;|iCab"
    r"|IBrowse|ABrowse|AWeb|Dillo|Lotus-Notes|Konqueror|Galeon"
    r"|NetPositive|OmniWeb|WebTV|Opera"
    r"|Powermarks|Windows|Linux|X11|Macintosh|Maemo|Haiku|AvantGo|Blazer|NetFront|Charon|Elaine"
    r"|Android|iPhone|Avant|NCBrowser)"
)
_EMBEDDED = re.compile(r"Embedded Web Browser from: https?://(?:www\.)?bsalsa\.com/?|https?://bsalsa\.com/?")


def agent_text(user_agent: str) -> str:
    """The user agent without device names, marked by `PERSON` where a program of people's sends it.

    What is left keeps its case, since patterns of crawlers' names tell case. The time is linear in the length: each
    piece that is left out is of bounded length.
    """
    text = _without_device(user_agent)
    if "ompatible" in text:
        text = _COMPATIBLE.sub("(", text)
    if "bsalsa" in text:
        text = _EMBEDDED.sub("Embedded Web Browser", text)
    text = text.replace(_PREVIEW, "")
    if text.startswith("Mozilla/"):
        return PERSON + text if len(text) < _SHORT and _OWN_NAME.match(text) and not _ROBOT.search(text) else text
    found = _PROGRAMS.match(text)
    if found and not _ROBOT.search(found[0]):
        return PERSON + _ASIDE.sub("", _ADDRESS.sub("", found[0]) + text[found.end() :])
    # A whole browser's name behind another one is a crawler that pretends.
    return PERSON + _ASIDE.sub("", text) if "Mozilla/" not in text and _DEVICE.search(text[:400]) else text


def _without_device(text: str) -> str:
    if "Android" in text:
        text = _ANDROID.sub(_unless_crawler, text)
        text = _IN_APP.sub("Android", text)
        text = _BEFORE_ANDROID.sub(_parenthesis, text)
        text = _AFTER_ANDROID.sub(r"\1", text)
    if "Build/" in text:
        text = _BUILD.sub("", text)
    if "HbbTV/" in text:
        text = _TELEVISION.sub(r"\1", text)
    return _MOBILE.sub("(Mobile", text) if "(Mobile; " in text else text


def _unless_crawler(found: re.Match[str]) -> str:
    return found[0] if _IS_CRAWLER.search(found[0]) else found[1]


def _parenthesis(found: re.Match[str]) -> str:
    return found[0] if _IS_CRAWLER.search(found[0]) or "Linux" in found[0] else "("
