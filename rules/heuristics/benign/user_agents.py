"""User agents of people: phones, televisions, in-app views, desktop programs, text browsers, players, old browsers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

_MODELS = (
    *(
        "SM-A546B",
        "SM-S918U1",
        "SAMSUNG SM-T515",
        "Pixel 8 Pro",
        "moto g(50)",
        "moto g power (2022)",
        "motorola edge 40",
    ),
    *(
        "XT2113-3",
        "CUBOT_X19",
        "CUBOT P30",
        "CUBOT NOTE S",
        "CUBOT KINGKONG",
        "ViewSonic VBS100",
        "ViewSonic ViewPad 7",
    ),
    *(
        "HTC Butterfly 3",
        "HTC_B810x Butterfly",
        "HTC Butterfly s",
        "Lumen L9",
        "Archos 50c Fever",
        "Fever 4G",
        "Wiko FEVER",
    ),
    *(
        "Robot",
        "Robot R1",
        "MEIZU Robot",
        "Spider X",
        "SPIDER-T7",
        "Crawler 5G",
        "Hunter Bot",
        "iBot 2",
        "X-BOT Senior",
    ),
    *(
        "Sonic 3",
        "Sonic TV",
        "ZTE Blade A7",
        "Redmi Note 9 Pro",
        "M2101K6G",
        "2201117TY",
        "POCO F3",
        "CPH2211",
        "RMX3085",
    ),
    *("V2400", "vivo 1906", "ONEPLUS A6013", "LE2123", "Infinix X6816", "TECNO KG5k", "itel A665L", "HUAWEI P30 lite"),
    *(
        "ELE-L29",
        "Nokia G21",
        "Nokia 6.1",
        "LM-Q720",
        "LG-H870",
        "LML414DL",
        "SOV36",
        "XQ-BC52",
        "SH-M15",
        "F-01L",
        "KYV44",
    ),
    *(
        "Lenovo TB-X306F",
        "Lenovo YT-J706F",
        "KFTRWI",
        "KFMUWI",
        "KFSUWI",
        "Nexus 5X",
        "Nexus 7",
        "Fairphone 4",
        "BV9900",
    ),
    *(
        "DOOGEE S96Pro",
        "Armor 8",
        "Ulefone Note 9P",
        "BLU Studio X",
        "Archos 101 Monitor",
        "Scanner MC33",
        "TC57",
        "EDA51",
    ),
    *(
        "Grabber One",
        "Checker Tab",
        "Preview 10",
        "Feed Tab",
        "Monitor T1",
        "Agent 8",
        "Archive Reader",
        "Fetch TV",
        "Indexa",
    ),
    *(
        "BRAVIA 4K UR2",
        "AFTT",
        "AFTMM",
        "AFTSSS",
        "Chromecast",
        "MIBOX3",
        "SHIELD Android TV",
        "Smart TV Pro",
        "Slurp Tab",
    ),
    *(
        "Trekstor SurfTab breeze",
        "Digma Plane 7",
        "Prestigio PMT3118",
        "PSP3502DUO",
        "Explay Tornado",
        "Fly FS454",
        "DNS S4505",
    ),
    *(
        "Harvest 10",
        "Nutch One",
        "Teoma X",
        "Yeti 3",
        "Magellan GPS",
        "Adventurer 2",
        "Charlotte 5",
        "Trove T1",
        "Devin 1",
    ),
)
_BUILDS = (
    *("AP3A.240617.008", "AP3A.240617.008", "S1RSS32.1-1", "S2RIS32.1-2", "TP1A.220624.014", "UP1A.231005.007"),
    *("MMB29M", "LMY47I", "KOT49H", "NRD90M", "OPM1.171019.011", "QP1A.190711.020", "RP1A.200720.011", "IMM76D"),
)
_PHONE = "Mozilla/5.0 (Linux; Android {version}; {model}{build}{view}) AppleWebKit/537.36 (KHTML, like Gecko) {rest}"
_CHROME = "Chrome/{chrome} Mobile Safari/537.36"
_VIEW = "Version/4.0 Chrome/{chrome} Mobile Safari/537.36"
_BROWSERS = (
    *("", " OPR/80.4.4244.1", " EdgA/125.0.2535.1", " YaApp_Android/22.1 YaSearchBrowser/22.1", " Brave/1.60"),
    *(" DuckDuckGo/5", " Vivaldi/6.7", " UCBrowser/13.4.0.1306", " MQQBrowser/13.0", " Whale/1.0.0.0", " Ddg/15.4"),
    *(" SamsungBrowser/25.0", " Puffin/9.7.2", " Kiwi Chrome/120", " Maxthon/7.0", " Quark/6.0", " MiuiBrowser/13.0"),
    *(" HeyTapBrowser/40.7", " VivoBrowser/13.2", " HuaweiBrowser/14.0", " PHX/12.9", " coc_coc_browser/118.0"),
)
_VIEWS = (
    *(
        " [FB_IAB/FB4A;FBAV/530.0.0.1.1;]",
        " [FB_IAB/Orca-Android;FBAV/430.0.0.1;]",
        " Viber/21.9.5.8",
        " Line/13.1.0/IAB",
    ),
    " Instagram 398.0.0.1.1 Android (35/15; 420dpi; 1080x2340; Lumen; L9; lumen9; mt6789; de_DE; 700000000)",
    " MetaIAB Facebook",
    " [Pinterest/Android]",
    " musical_ly_2023 JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly app_version/33.0 ByteLocale/en",
    " trill_2022 BytedanceWebview/d8a21c6",
    " MMWEBID/123 MicroMessenger/8.0.40.2420(0x28) WeChat/arm64 Weixin NetType/4G Language/zh_CN ABI/arm64",
    " Snapchat/12.60.0.39 (SM-A546B; Android 13#A546B#33; gzip; )",
    *(" GSA/15.3.36.28.arm64", " Twitter for Android", " TwitterAndroid", " LinkedInApp/4.1", " Reddit/Version 2024.1"),
    *(
        " KAKAOTALK/10.4 (INAPP)",
        " NAVER(inapp; search; 1000; 12.3)",
        " DaumApps/7.0",
        " SogouMobileBrowser/5.2",
        " Zalo",
    ),
    *(
        " Telegram-Android/10.2",
        " VKAndroidApp/8.1",
        " OKApp",
        " Flipboard/4.3",
        " PayPal/8.0",
        " Tumblr/33.1",
        " Notion/0.6",
    ),
    *(
        " Goodreads/2.1",
        " upday/5.1",
        " Hatena-Bookmark/4",
        " HotPepper/5.1",
        " Disqus/3",
        " Blackboard/8.2",
        " Podimo/2",
    ),
)
_APPLE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {rest}",
    "Mozilla/5.0 (iPad; CPU OS {os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) {rest}",
)
_APPLE_RESTS = (
    *("Version/17.4 Mobile/15E148 Safari/604.1", "CriOS/125.0.0.0 Mobile/15E148 Safari/604.1", "Mobile/15E148"),
    *("FxiOS/126.0 Mobile/15E148 Safari/605.1.15", "EdgiOS/125.0 Version/17.0 Mobile/15E148 Safari/604.1"),
    "Mobile/15E148 [FBAN/FBIOS;FBAV/450.0.0.1;FBBV/1;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.4;FBSS/3]",
    "Mobile/15E148 Instagram 320.0.0.1 (iPhone14,5; iOS 17_4; en_GB; en; scale=3.00; 1170x2532; 1)",
    *("Mobile/15E148 Safari Line/13.1.0", "Mobile/15E148 MicroMessenger/8.0.40(0x1) NetType/WIFI Language/de"),
    *("Mobile/15E148 Snapchat/12.60.0.39 (like Safari/8617.1, panda)", "Mobile/15E148 [Pinterest/iOS]"),
    *("GSA/310.0 Mobile/15E148 Safari/604.1", "Version/17.0 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15"),
    *(
        "Mobile/15E148 Twitter for iPhone/10.1",
        "Mobile/15E148 LinkedInApp",
        "Version/12.0 YaBrowser/21.1 Mobile/15E148",
    ),
    *("OPiOS/16.0 Mobile/15E148 Safari/9537.53", "Mobile/15E148 musical_ly_33.0 BytedanceWebview/d8a21c6"),
    *("Ddg/17.4 Mobile/15E148", "Focus/126 Mobile/15E148", "Mobile/15E148 KAKAOTALK 10.4", "Mobile/15E148 Viber/21.0"),
)
_DESKTOPS = (
    *("Windows NT 10.0; Win64; x64", "Windows NT 6.1; WOW64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64"),
    *("X11; CrOS x86_64 14541.0.0", "X11; Ubuntu; Linux i686", "X11; FreeBSD amd64"),
)
_PROGRAMS = (
    *(
        "Code/1.101.2",
        "Code/1.99.0",
        "Trae/1.107.1",
        "Cursor/0.45",
        "Slack/4.36.140",
        "Slack_SSB/4.36.140",
        "Teams/1.6.00",
    ),
    *("discord/1.0.9030", "obsidian/1.5.12", "Signal/7.5", "Notion/3.5", "WhatsApp/2.2", "Postman/10.2", "Figma/116.0"),
    *("ClickUp/3.3", "Asana/2.1", "Linear/1.2", "Tweeten/5", "Atom/1.60", "Spotify/1.2.3", "Viber/21.0", "Bluesky/1.8"),
    *("Grammarly/1.2", "Todoist/8", "Joplin/2.14", "Zoom/5.1", "RocketChat/3.9", "Mattermost/5.7", "Element/1.11"),
)
_ELECTRON = (
    "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {program} Chrome/134.0.6998.1 Electron/35.5.1"
)
_DESKTOP_ENDS = (
    *(
        "",
        " Edg/125.0",
        " OPR/110.0.0.0",
        " Vivaldi/6.7",
        " YaBrowser/24.4",
        " Whale/3.25",
        " Brave/125",
        " Sleipnir/6",
    ),
    *(
        " SE 2.X MetaSr 1.0",
        " QQBrowser/12.5",
        " Maxthon/7.1",
        " UBrowser/7.0",
        " Iron Safari/537.36",
        " AvastSecureBrowser",
    ),
    *(
        " coc_coc_browser/118.0",
        " 360SE",
        " LBBROWSER",
        " CCleaner/125",
        " Iridium/2023",
        " Epiphany/605.1",
        " Falkon/23.08",
    ),
    *(
        " QtWebEngine/6.5 qutebrowser/3.1.0",
        " Konqueror/23.08",
        " Otter/1.0",
        " Atom/27.0",
        " Midori/11.3",
        " Fluid/2.1",
    ),
)
_GECKO = (
    *(
        "Firefox/126.0",
        "SeaMonkey/2.53.18",
        "PaleMoon/33.1",
        "Waterfox/56.2",
        "Basilisk/2024",
        "IceCat/115.0",
        "Iceweasel/38",
    ),
    *("K-Meleon/76.4", "Firefox/3.6.28", "Netscape/9.0.0.6", "Camino/2.1.2", "Thunderbird/115.0", "LibreWolf/126.0"),
    *("Conkeror/1.0", "Galeon/2.0.6", "Flock/2.6", "Songbird/1.4", "Lunascape/6.15", "Postbox/7.0", "Cyberfox/52"),
)
_MSIE = (
    "; .NET CLR 3.5.30729",
    "; SE 2.X MetaSr 1.0",
    "; Maxthon 2.0",
    "; TencentTraveler 4.0",
    "; Avant Browser",
    "; 360SE",
)
_TEXT = (
    "Elinks/0.11",
    "Crazy Browser 3.0",
    "Charon/1.0 (Inferno)",
    "rekonq",
    "Mozilla/5.0 (compatible; Origyn Web Browser; AmigaOS 4.1; ppc; U; en) AppleWebKit/531.0+",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15 (Safari Technology Preview)",
    "Mozilla/2.0 (compatible; Elaine/3.0)",
    "DoggCatcher",
    "Xbox Live Client/2.0",
    "Mozilla/5.0 (Linux; Android 6.0; BQS-5520 Mercury/Spider Build/MRA58K) AppleWebKit/537.36",
    "Mozilla/5.0 (Linux; Android 12; RMX3231 [Robot]) AppleWebKit/537.36",
    *("Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8", "Lynx/2.8.9rel.1 libwww-FM/2.14", "Lynx/2.8.5rel.1"),
    *(
        "w3m/0.5.3+git20230121",
        "w3m/0.5.3",
        "w3m/0.5.1+cvs-1.9",
        "ELinks/0.16.1 (textmode; Linux 6.1 x86_64; 120x40-2)",
    ),
    *(
        "ELinks (0.4.3; NetBSD 3.0 i386; 80x24)",
        "ELinks/0.12pre5 (textmode; Linux; 80x25)",
        "Links (2.28; Linux 6.1; text)",
    ),
    *(
        "Links (2.1pre15; FreeBSD 5.4 i386; 80x24)",
        "Links/2.25 (Linux; x)",
        "Dillo/3.0.5",
        "Dillo/3.1.0",
        "NetSurf/3.11 (Linux)",
    ),
    *("NetSurf/2.0 (RISC OS; armv5l)", "Mozilla/5.0 (X11; Linux) NetSurf/3.10", "edbrowse/3.7.7", "retawq/0.2.6c [en]"),
    *("Emacs-W3/4.0pre.46 URL/p4.0pre.46 (i686-pc-linux; X11)", "URL/Emacs Emacs/29.1 (X11; x86_64-pc-linux-gnu)"),
    *("Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0 browsh/1.8", "amaya/11.3.1 libwww/5.4.1"),
    *("Mozilla/4.0 (compatible; Dillo 3.0)", "Offpunk/2.2", "Chawan/0.1", "felinks/0.17", "Dillo/0.8.5-i18n-misc"),
    *(
        "Mozilla/5.0 (compatible; Konqueror/4.5; Linux) KHTML/4.5.4 (like Gecko)",
        "Mozilla/5.0 (compatible; iCab 3.0.5; Mac)",
    ),
    *(
        "Mozilla/5.0 (compatible; IBrowse 3.0; AmigaOS4.0)",
        "Mozilla/5.0 (compatible; ABrowse 0.6; Syllable)",
        "IBrowse/2.4",
    ),
    *("Mozilla/4.0 (compatible; Lotus-Notes/6.0; Windows-NT)", "Mozilla/5.0 (compatible; U; Haiku) WebPositive/1.1"),
    *(
        "Voyager/3.3.122 (AmigaOS)",
        "AmigaVoyager/3.4.4 (MorphOS/PPC native)",
        "Mozilla/1.22 (compatible; MSIE 2.0; Windows 3.1)",
    ),
    *(
        "Mozilla/4.08 [en] (Win98; I)",
        "Mozilla/3.01Gold (Win95; I)",
        "Mozilla/4.8 [en] (Windows NT 5.0; U)",
        "HotJava/1.1.2",
    ),
    *("Mozilla/3.0 (DreamPassport/3.0)", "NCSA_Mosaic/2.6 (X11; SunOS 4.1.3 sun4m)", "Cyberdog/2.0 (Macintosh; 68k)"),
    *(
        "Uzbl (Webkit 1.3) (Linux i686 [i686])",
        "surf/2.1 (X11; Linux)",
        "luakit/2.3",
        "Arora/0.11 (Linux)",
        "Dooble/2024",
    ),
    *("Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18", "Opera/9.64 (X11; Linux; U; en) Presto/2.1.1"),
    *("Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS)/191.3; U; en) Presto/2.5.25", "Opera/12.02 (Android 4.1)"),
    *(
        "Opera/9.80 (Android; Opera Mini/36.2/191.3; U; ru) Presto/2.12.423 Version/12.16",
        "Opera/9.30 (Nintendo Wii; U)",
    ),
)
_PLAYERS = (
    *(
        "VLC/3.0.20 LibVLC/3.0.20",
        "VLC/2.1.5",
        "LibVLC/3.0.12",
        "stagefright/1.2 (Linux;Android 9)",
        "NSPlayer/12.00.19041",
    ),
    *("AppleCoreMedia/1.0.0.21F79 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)", "Windows-Media-Player/12.0.19041.1"),
    *(
        "iTunes/12.12 (Windows; Microsoft Windows 10 x64; x64)",
        "QuickTime/7.7.3 (qtver=7.7.3;os=Windows NT 6.1)",
        "mpv 0.37.0",
    ),
    *(
        "Kodi/20.2 (Linux; Android 9; AFTMM) Android/9.0 Sys_CPU/armv7l",
        "XBMC/13.2 Git (Windows NT 6.1)",
        "foobar2000/2.1",
    ),
    *("Winamp/5.66", "WinampMPEG/5.56, Ultravox/2.1", "Rhythmbox/3.4.7", "Clementine 1.3.1", "Audacious/4.3 neon/0.32"),
    *(
        "Totem/3.38",
        "GStreamer souphttpsrc 1.22.0 libsoup/3.4",
        "MPlayer/1.5",
        "Banshee/2.6.2 (http://banshee.fm/)",
        "Amarok/2.9",
    ),
    *(
        "AntennaPod/3.2.0",
        "Overcast/3.0 (+http://overcast.fm/; iOS podcast app)",
        "Pocket Casts",
        "PocketCasts/7.5 (Android 13)",
    ),
    *(
        "CastBox/8.1 (Android)",
        "Podbean/FeedUpdate 2.1",
        "PodcastAddict/v5 (+https://podcastaddict.com/; Android podcast app)",
    ),
    *(
        "Podcasts/1650.1 CFNetwork/1490 Darwin/23.2",
        "Castro 2024.1/1",
        "Downcast/2.9 (iPhone)",
        "gPodder/3.11 (Linux)",
        "iCatcher!",
    ),
    *(
        "Spotify/8.9.10 Android/33 (SM-A546B)",
        "Spotify/8.8 iOS/17.4 (iPhone14,5)",
        "Deezer/7.0 (Android; 13; Mobile; de)",
    ),
    *(
        "TuneIn Radio/30.1 (Android 13)",
        "RadioPublic/2.5 (iPhone)",
        "Stitcher/Android",
        "SoundCloud/2024.1 (Android 13; Pixel 8)",
    ),
    *(
        "ExoPlayer/2.19 (Linux;Android 11) ExoPlayerLib/2.19.1",
        "Roku4640X/DVP-7.70 (297.70E04154A)",
        "Sonos/70.3 (ZPS12)",
    ),
    *(
        "Dalvik/2.1.0 (Linux; U; Android 13; CUBOT P80 Build/TP1A.220624.014)",
        "Linux UPnP/1.0 Sonos/70.3-35220 (ZPS22)",
    ),
    *(
        "CaptiveNetworkSupport-443 wispr",
        "Microsoft NCSI",
        "Microsoft-CryptoAPI/10.0",
        "Windows-Update-Agent/10.0.10011.16384",
    ),
    *(
        "Microsoft BITS/7.8",
        "MicrosoftEdge/18",
        "Microsoft-Delivery-Optimization/10.0",
        "Apple-PubSub/65.28",
        "trustd (unknown version)",
    ),
    *(
        "NetworkingExtension/8617 Network/3826 iOS/17.4",
        "com.apple.WebKit.Networking/8617 CFNetwork/1494 Darwin/23.4.0",
    ),
    *(
        "Safari/19618.1 CFNetwork/1494 Darwin/23.4.0",
        "Reeder/5040 CFNetwork/1490 Darwin/23.2",
        "NetNewsWire/6.1 (Macintosh)",
    ),
    *(
        "Feedbro/4.0 CFNetwork/1494 Darwin/23.4",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0; Pro)",
        "Thunderbird",
    ),
    *(
        "Outlook-iOS/723.1 (iPhone; iOS 17.4)",
        "Microsoft Office Word 2014",
        "Airmail 1.0 (148)",
        "The Bat! 10",
        "Evolution/3.50",
    ),
    *(
        "KMail/5.24",
        "Lightning/6.2",
        "DAVx5/4.3 (2024; dav4jvm; okhttp/4.12.0) Android/13",
        "Nextcloud-android/3.28",
        "DAVdroid/1.0",
    ),
    *(
        "Mozilla/5.0 (Linux) mirall/3.11.0git (Nextcloud, ubuntu)",
        "WhatsApp/2.24.5.77 A",
        "WhatsApp/2.24.4 i",
        "Viber/21.0",
        "Viber",
    ),
    *(
        "Microsoft-WebDAV-MiniRedir/10.0.19045",
        "Valve/Steam HTTP Client 1.0",
        "Transmission/4.05",
        "uTorrent/3550(46038)",
    ),
    *(
        "BTWebClient/3550(46038)",
        "qBittorrent/4.6.2",
        "Deluge 2.1.1",
        "Software Update (unknown version) CFNetwork/978 Darwin/18",
    ),
    *(
        "Google Earth/7.3",
        "GoogleEarth/7.3.6(Windows;Microsoft Windows)",
        "Instapaper/8.2 CFNetwork/1494 Darwin/23.4",
        "Shazam/12",
    ),
    *(
        "BBC News/7.1 (iPhone; iOS 17.4)",
        "NYTimes/10.1 (iPad; iOS 16.1; Scale/2.00)",
        "Tumblr/33 (Android 13)",
        "Garmin Connect/4.7",
    ),
)
_DEVICES = (
    *("Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 TV Safari/538.1",),
    *("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36 WebAppManager",),
    *("HbbTV/1.2.1 (;Panasonic;VIERA 2013;3.672;4101-0003 0002-0000;)", "HbbTV/1.5.1 (+DRM;Samsung;SmartTV2021;T-1;;)"),
    *(
        "Mozilla/5.0 (Linux; U; Linux; Ventana; de-DE) HbbTV/1.1.1 (;TechniSat;Digit ISIO S;1.0;;)",
        "Opera/9.80 (Linux mips; HbbTV/1.1.1)",
    ),
    *("Mozilla/5.0 (DTV) AppleWebKit/531.2+ (KHTML, like Gecko) Espial/6.1.5 AQUOSBrowser/2.0 (US01DTV;V;0001;0001)",),
    *("Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 Chrome/96.0 Safari/537.36 CrKey/1.56.500000",),
    *("Roku/DVP-14.5 (14.5.4.5934-C2)", "Mozilla/5.0 (PlayStation 4 11.00) AppleWebKit/605.1.15 (KHTML, like Gecko)"),
    *("Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 Version/13.0 Safari/605.1.15",),
    *(
        "Mozilla/5.0 (PLAYSTATION 3; 3.55)",
        "Mozilla/5.0 (PLAYSTATION 3; 1.00)",
        "Mozilla/4.0 (PSP (PlayStation Portable); 2.00)",
    ),
    *("Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 NF/6.0.1 NintendoBrowser/5.1",),
    *(
        "Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.7498.US",
        "Mozilla/5.0 (Nintendo WiiU) AppleWebKit/536.28 NX/3.0.3",
    ),
    *("Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 Edge/18.17763",),
    *("Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ (KHTML, like Gecko) Kindle/3.0+",),
    *("Mozilla/5.0 (Linux; U; en-US) AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0",),
    *("Mozilla/5.0 (Linux; U; Android 2.0; en-us;) AppleWebKit/538.1 (KHTML, like Gecko) Version/4.0 Kobo Touch",),
    *("Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1", "JioPhone/2.5 (KAIOS)"),
    *("BlackBerry9700/5.0.0.351 Profile/MIDP-2.1 Configuration/CLDC-1.1 VendorID/123", "BlackBerry8520/4.6.1.314"),
    *("Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+",),
    *("Mozilla/5.0 (Linux; U; Sailfish 3.0; Mobile; rv:60.0) Gecko/60.0 Firefox/60.0 SailfishBrowser/1.0",),
    *(
        "Nokia6300/2.0 (07.21) Profile/MIDP-2.0 Configuration/CLDC-1.1",
        "NokiaN70-1/5.0616 Series60/2.8",
        "Nokia3310/1.0 (05.01)",
    ),
    *(
        "SonyEricssonK800i/R1JC Browser/NetFront/3.3 Profile/MIDP-2.0",
        "SAMSUNG-GT-E2232/1.0 Openwave/6.2.3 Profile/MIDP-2.0",
    ),
    *(
        "LG-GT810/V10c Teleca/WAP2.0 MIDP-2.0/CLDC-1.1",
        "MOT-V3/0E.40.3CR MIB/2.2.1 Profile/MIDP-2.0",
        "SIE-S68/36 UP.Browser/7.1.0",
    ),
    *(
        "DoCoMo/2.0 P900i(c100;TB;W24H11)",
        "KDDI-CA39 UP.Browser/6.2.0.13.1.5 (GUI) MMP/2.0",
        "SoftBank/1.0/943SH/SHJ001",
    ),
    *(
        "UCWEB/2.0 (Java; U; MIDP-2.0; en-US; nokia5130) U2/1.0.0 UCBrowser/9.4",
        "HUAWEI-U8150/1.0",
        "Alcatel-OT-708/1.0",
    ),
    *(
        "ZTE-G-S519/1.0",
        "Vodafone/1.0/HTC_Mercury/1.23",
        "Mozilla/5.0 (webOS/1.4.0; U; en-US) AppleWebKit/532.2 Pre/1.0",
    ),
    *("Mozilla/5.0 (X11; Linux aarch64; Quest 3) AppleWebKit/537.36 OculusBrowser/33.0 Chrome/126 VR",),
    *("Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0 Safari/537.36 Tesla/2024.14",),
    *(
        "Silk/1.0 (KFTRWI)",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; Embedded Web Browser from: http://bsalsa.com/)",
    ),
    *("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 Edge/15",),
    *("Mozilla/5.0 (Linux; Android 9; Portal) GoogleTV/1.0", "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 GeckoFX"),
)


def texts() -> tuple[str, ...]:
    """The user agents, each once and always in the same order."""
    made = (*_android(), *_apple(), *_desktop(), *_TEXT, *_PLAYERS, *_DEVICES)
    return tuple(dict.fromkeys(made))


def _android() -> Iterator[str]:
    for at, model in enumerate(_MODELS):
        for number in range(9):
            build = _BUILDS[(at + number) % len(_BUILDS)]
            fields = {"version": (5.1, 7.0, 9, 11, 12, 13, 15)[(at + number) % 7], "model": model}
            chrome = f"{90 + (at * 7 + number) % 55}.0.{4430 + at}.{number}"
            browser = _BROWSERS[(at + number) % len(_BROWSERS)]
            plain = _CHROME.format(chrome=chrome) + browser
            yield _PHONE.format(**fields, build="", view="", rest=plain)
            yield _PHONE.format(**fields, build=f" Build/{build}", view="", rest=plain)
            inside = _VIEW.format(chrome=chrome) + _VIEWS[(at * 5 + number) % len(_VIEWS)]
            yield _PHONE.format(**fields, build=f" Build/{build}", view="; wv", rest=inside)
        system = f"(Linux; U; Android 13; {model} Build/{_BUILDS[at % len(_BUILDS)]})"
        yield f"Dalvik/2.1.0 {system}"
        yield f"Mozilla/5.0 (Linux; U; Android 4.4.2; de-de; {model} Build/KOT49H) AppleWebKit/534.30"
        yield f"SuperCalc/3.2.1 (Android 13; {model})"
        yield f"com.example.shop/4.1 (Linux; U; Android 12; de_DE; {model}; Build/KOT49H; okhttp/4.9.3)"
        yield f"Mozilla/5.0 (Android 13; Mobile; {model}; rv:126.0) Gecko/126.0 Firefox/126.0"


def _apple() -> Iterator[str]:
    for shape, system, rest in product(_APPLE, ("12_5_7", "15_8", "17_4_1", "18_7"), _APPLE_RESTS):
        yield shape.format(os=system, rest=rest)
    for name, version in product(
        ("Weather", "Shop%20Now", "BBCNews", "Reeder", "Apollo", "Checklist", "QRScanner"), range(5)
    ):
        yield f"{name}/{version + 3}.1 (iPhone; iOS 1{version + 3}.4; Scale/3.00)"
        yield f"{name}/{120 + version} CFNetwork/14{version}0.0.4 Darwin/2{version}.4.0"
        yield f"{name}/{version + 1}.2 (com.example.app; build:7; iOS 16.{version}.0) Alamofire/5.6"
        yield f"{name} {version + 1}.2 rv:7 (iPad; iOS 15.{version}; de_DE)"


def _desktop() -> Iterator[str]:
    for system in _DESKTOPS:
        for program in _PROGRAMS:
            yield _ELECTRON.format(system=system, program=program) + " Safari/537.36"
            if program.startswith("Slack"):
                yield _ELECTRON.format(system=system, program=program) + " Safari/537.36 Sonic Slack_SSB"
        for end in _DESKTOP_ENDS:
            yield f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36{end}"
        for browser in _GECKO:
            yield f"Mozilla/5.0 ({system}; rv:68.0) Gecko/20100101 {browser}"
            yield f"Mozilla/5.0 ({system}; U; en-US; rv:1.9.2) Gecko/20100101 Firefox/52.9 {browser}"
    for version, extra in product(range(6, 11), _MSIE):
        yield f"Mozilla/4.0 (compatible; MSIE {version}.0; Windows NT 5.1; Trident/4.0{extra})"
        yield f"Mozilla/5.0 (compatible; MSIE {version}.0; Windows NT 6.1; Trident/5.0{extra})"
    yield "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"
