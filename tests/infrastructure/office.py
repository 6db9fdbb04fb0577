"""LibreOffice as tests use it: one start without a screen, which opens a workbook, changes it and saves it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

from tests.template import ROOT

_PATIENCE = 40
_HERE = ROOT / ".anslag/office/soffice"
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <item oor:path="/org.openoffice.Setup/Office">
  <prop oor:name="ooSetupInstCompleted" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""
"""Says that the profile is no new one, which LibreOffice would write over."""
_LIBRARIES = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:libraries PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "libraries.dtd">
<library:libraries xmlns:library="http://openoffice.org/2000/library" xmlns:xlink="http://www.w3.org/1999/xlink">
 <library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple"
  library:link="false"/>
</library:libraries>
"""
_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false">
 <library:element library:name="Officer"/>
</library:library>
"""
_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Officer" script:language="StarBasic">
{basic}
</script:module>
"""
_BASIC = """
Sub Work
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  kind(0).Name = "FilterName"
{work}
  StarDesktop.terminate()
End Sub
"""
_EACH = """
  book = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, hidden())
  sheet = book.Sheets.getByIndex(0)
  {changes}
  kind(0).Value = "{filter}"
  book.storeToURL("{target}", kind())
  book.close(True)
"""
FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".ods": "calc8", ".xls": "MS Excel 97"}


def find_office() -> str | None:
    """The command that infrastructure/bootstrap.sh office made: the machine's own, or the one that it fetched."""
    return str(_HERE) if _HERE.exists() else None


def work(office: str, home: Path, *jobs: tuple[Path, Path, str]) -> None:
    """For each job, open its source, change it with these statements of Basic (on `sheet`, its first sheet, and on
    `book`), and save it as its target, in the format that the target's name asks for."""
    each = "".join(
        _EACH.format(
            source=source.as_uri(),
            target=target.as_uri(),
            filter=FILTERS[target.suffix],
            changes=changes.strip().replace("\n", "\n  "),
        )
        for source, target, changes in jobs
    )
    profile = home / "profile"
    library = profile / "user/basic/Standard"
    library.mkdir(parents=True)
    (profile / "user/registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    (library.parent / "script.xlc").write_text(_LIBRARIES, encoding="utf-8")
    (library / "script.xlb").write_text(_LIBRARY, encoding="utf-8")
    module = _MODULE.format(basic=escape(_BASIC.format(work=each)))
    (library / "Officer.xba").write_text(module, encoding="utf-8")
    command = [
        office,
        *("--headless", "--invisible", "--norestore", "--nologo"),
        f"-env:UserInstallation={profile.as_uri()}",
        "macro:///Standard.Officer.Work",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as running:
        try:
            _, told = running.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # the command is a script, and starts the program proper
            raise
    missing = [target.name for _, target, _ in jobs if not target.exists()]
    assert (running.returncode, missing) == (0, []), told.decode()
