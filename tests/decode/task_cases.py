"""Tables of task XML: what Windows may make of the rebind task, and edits that mean something."""

from __future__ import annotations

import re

from psrebind.decode.events import SYSTEM_CHANNEL, USER_CHANNEL
from psrebind.decode.tasks import DEFAULTS, TASK_NAME, TASK_PATH, wanted_xml

WANTED = wanted_xml()
TRIGGER = "Triggers/EventTrigger"
QUERY = f"{TRIGGER}/Subscription/QueryList/Query"
SUBSCRIPTION = WANTED[WANTED.index("<Subscription>") : WANTED.index("</Subscription>")]
SETTINGS = WANTED[WANTED.index("<Settings>") + 10 : WANTED.index("</Settings>")]


def edited(old: str, new: str) -> str:
    """The wanted XML with one place changed, which must be there."""
    assert WANTED.count(old) == 1, old
    return WANTED.replace(old, new)


def without(name: str) -> str:
    """The wanted XML without one leaf element."""
    xml, count = re.subn(rf"<{name}>[^<]*</{name}>", "", WANTED, count=1)
    assert count == 1, name
    return xml


def reordered() -> str:
    """The wanted XML with the settings in the opposite order."""
    parts = re.findall(r"<(\w+)>(.*?)</\1>", SETTINGS)
    assert "".join(f"<{name}>{text}</{name}>" for name, text in parts) == SETTINGS
    return edited(SETTINGS, "".join(f"<{name}>{text}</{name}>" for name, text in reversed(parts)))


REGISTRATION = (
    "<Date>2026-11-20T10:00:00</Date><Author>EXAMPLE\\anna</Author><Source>IIS</Source>"
    "<Version>1.0</Version><Description>Bindet neu</Description>"
    "<SecurityDescriptor>D:(A;;FA;;;BA)</SecurityDescriptor>"
)
# what Windows may make of a registered task, as far as is known: all of it means the same
NORMALISED = {
    "as registered": WANTED,
    "UTF-16 declared": f'<?xml version="1.0" encoding="UTF-16"?>\r\n{WANTED}',
    "UTF-16 in bytes": b"\xff\xfe" + WANTED.encode("utf-16-le"),
    "indented": WANTED.replace("><", ">\r\n    <"),
    "another order": reordered(),
    "a prefix": re.sub(r"<(/?)(\w)", r"<\1t:\2", WANTED).replace("xmlns=", "xmlns:t="),
    "no namespace": WANTED.replace(
        ' xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"', ""
    ),
    "a newer schema": edited('version="1.2"', 'version="1.4"'),
    "no URI": edited(f"<URI>{TASK_PATH}{TASK_NAME}</URI>", ""),
    "no registration": re.sub("<RegistrationInfo>.*</RegistrationInfo>", "", WANTED),
    "an author, a date, rights": edited(
        "</RegistrationInfo>", REGISTRATION + "</RegistrationInfo>"
    ),
    "no LogonType": without("LogonType"),
    "ServiceAccount": edited("InteractiveToken", "ServiceAccount"),
    "the account by name": edited(">S-1-5-18<", ">NT AUTHORITY\\System<"),
    "no IdleSettings": re.sub("<IdleSettings>.*</IdleSettings>", "", WANTED),
    "an empty element": re.sub("<IdleSettings>.*</IdleSettings>", "<IdleSettings/>", WANTED),
    "older defaults written out": edited(
        "<IdleSettings>",
        "<IdleSettings><Duration>PT10M</Duration><WaitTimeout>PT1H</WaitTimeout>",
    ),
    "newer defaults written out": edited(
        "</Settings>",
        "<DisallowStartOnRemoteAppSession>false</DisallowStartOnRemoteAppSession>"
        "<UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine></Settings>",
    ),
    "capital booleans": WANTED.replace(">true<", ">True<").replace(">false<", ">FALSE<"),
    "durations in other units": edited("PT1H", "PT60M").replace("PT10M", "PT600S"),
    "the query in double quotes": WANTED.replace("'", "&quot;"),
    "the query indented": WANTED.replace("&gt;&lt;", "&gt;\r\n  &lt;"),
    "the query as CDATA": edited(
        SUBSCRIPTION,
        "<Subscription><![CDATA["
        + SUBSCRIPTION.removeprefix("<Subscription>").replace("&lt;", "<").replace("&gt;", ">")
        + "]]>",
    ),
    "the query as the console writes it": edited(
        "Query Id='0'", f'Query Id="1" Path="{SYSTEM_CHANNEL}"'
    ),
    "another spelling of the folder": edited("%SystemRoot%", "%windir%"),
    "without all defaults": "".join(
        part
        for part in re.split(r"(<\w+>[^<]*</\w+>)", WANTED)
        if part
        not in {
            f"<{path.rpartition('/')[2]}>{value}</{path.rpartition('/')[2]}>"
            for path, value in DEFAULTS.items()
        }
    ),
}

# edit -> XML, the path that must be named, what was found there
EDITS = {
    "trigger off": (
        edited("<EventTrigger><Enabled>true", "<EventTrigger><Enabled>false"),
        f"{TRIGGER}/Enabled",
        "false",
    ),
    "another event": (
        edited("EventID=1001", "EventID=1006"),
        f"{QUERY}/Select",
        "*[System[EventID=1006]]",
    ),
    "the other channel": (
        edited("Lifecycle-System/", "Lifecycle-User/"),
        f"{QUERY}/Select/@Path",
        USER_CHANNEL,
    ),
    "a delay": (
        edited("</EventTrigger>", "<Delay>PT5M</Delay></EventTrigger>"),
        f"{TRIGGER}/Delay",
        "PT5M",
    ),
    "an end": (
        edited("</EventTrigger>", "<EndBoundary>2026-01-01T00:00:00</EndBoundary></EventTrigger>"),
        f"{TRIGGER}/EndBoundary",
        "2026-01-01T00:00:00",
    ),
    "no value of the new hash": (
        re.sub('<Value name="NewCertHash">[^<]*</Value>', "", WANTED),
        f"{TRIGGER}/ValueQueries/Value[NewCertHash]",
        None,
    ),
    "another value": (
        edited("OldCertificateDetails/@", "CertificateDetails/@"),
        f"{TRIGGER}/ValueQueries/Value[OldCertHash]",
        "Event/UserData/CertNotificationData/CertificateDetails/@Thumbprint",
    ),
    "another account": (edited("S-1-5-18", "S-1-5-20"), "Principals/Principal/UserId", "S-1-5-20"),
    "less rights": (without("RunLevel"), "Principals/Principal/RunLevel", None),
    "another logon": (edited("InteractiveToken", "S4U"), "Principals/Principal/LogonType", "S4U"),
    "another principal": (
        edited('id="System"', 'id="Author"'),
        "Principals/Principal/@id",
        "Author",
    ),
    "another context": (
        edited('Context="System"', 'Context="Author"'),
        "Actions/@Context",
        "Author",
    ),
    "another program": (
        edited("appcmd.exe", "other.exe"),
        "Actions/Exec/Command",
        r"%SystemRoot%\System32\inetsrv\other.exe",
    ),
    "other arguments": (
        edited("renew binding", "list site"),
        "Actions/Exec/Arguments",
        "list site /oldcert:$(OldCertHash) /newcert:$(NewCertHash)",
    ),
    "a second action": (
        edited("</Actions>", "<Exec><Command>calc.exe</Command></Exec></Actions>"),
        "Actions/Exec[2]/Command",
        "calc.exe",
    ),
    "a folder": (
        edited("</Exec>", "<WorkingDirectory>C:\\</WorkingDirectory></Exec>"),
        "Actions/Exec/WorkingDirectory",
        "C:\\",
    ),
    "task off": (
        edited("<Enabled>true</Enabled><Hidden>", "<Enabled>false</Enabled><Hidden>"),
        "Settings/Enabled",
        "false",
    ),
    "not queued": (edited("Queue", "Parallel"), "Settings/MultipleInstancesPolicy", "Parallel"),
    "not queued, by default": (
        without("MultipleInstancesPolicy"),
        "Settings/MultipleInstancesPolicy",
        None,
    ),
    "retries gone": (
        edited("<Count>3</Count>", "<Count>1</Count>"),
        "Settings/RestartOnFailure/Count",
        "1",
    ),
    "another interval": (edited("PT10M", "PT1M"), "Settings/RestartOnFailure/Interval", "PT1M"),
    "another limit": (edited("PT1H", "PT5M"), "Settings/ExecutionTimeLimit", "PT5M"),
    "another priority": (edited("<Priority>7", "<Priority>9"), "Settings/Priority", "9"),
}
