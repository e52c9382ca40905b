<#
.SYNOPSIS
    The frame of every script that psrebind sends: one or more bodies, one ASCII JSON reply.
#>

param([hashtable]$Secrets = @{})

& {
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$WarningPreference = 'Continue'
$ConfirmPreference = 'None'

$Changing = $true
$Reading = $false
$Steps = 1
# What a piece found once, for all bodies of this script.
$memory = @{}
$languageMode = "$($ExecutionContext.SessionState.LanguageMode)"

# ConvertTo-Json differs between 5.1 and 7 in dates, depth, enums and lone surrogates.
function ConvertTo-ReplyString([string]$Value) {
    $text = $Value -replace '\\', '\\' -replace '"', '\"'
    $text = $text -replace '\r', '\r' -replace '\n', '\n' -replace '\t', '\t'
    # With case: without it the Kelvin sign is a k, and goes out as it is.
    if ($text -cnotmatch '[^ -~]') {
        return '"' + $text + '"'
    }
    $characters = foreach ($character in [char[]]$text) {
        $code = [int]$character
        if ($code -ge 32 -and $code -le 126) { $character } else { '\u{0:x4}' -f $code }
    }
    '"' + (-join $characters) + '"'
}

function ConvertTo-ReplyByte([byte[]]$Value) {
    if ($languageMode -eq 'FullLanguage') {
        return '"' + [System.Convert]::ToBase64String($Value) + '"'
    }
    '[' + ($Value -join ',') + ']'
}

function ConvertTo-ReplyJson($Value) {
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [string]) { return ConvertTo-ReplyString $Value }
    if ($Value -is [bool]) { if ($Value) { return 'true' } else { return 'false' } }
    if ($Value -is [byte[]]) { return ConvertTo-ReplyByte $Value }
    if ($Value -is [hashtable]) {
        # Not .Keys: a registry value may have that name, and would be what comes.
        $members = foreach ($entry in $Value.GetEnumerator()) {
            (ConvertTo-ReplyString "$($entry.Key)") + ':' + (ConvertTo-ReplyJson $entry.Value)
        }
        return '{' + ($members -join ',') + '}'
    }
    if ($Value -is [array]) {
        $items = foreach ($item in $Value) { ConvertTo-ReplyJson $item }
        return '[' + ($items -join ',') + ']'
    }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [byte]) { return "$Value" }
    if ($Value -is [uint32] -or $Value -is [uint64]) { return "$Value" }
    throw "A reply cannot hold a value of type '$($Value.PSObject.TypeNames[0])'."
}

function New-ErrorReply([string]$Message, [string]$ErrorId, [string]$Category) {
    @{
        message = $Message; error_id = $ErrorId; category = $Category
        exception = ''; hresult = $null; line = 0
    }
}

# What went wrong in the end: PowerShell and .NET wrap it.
function Get-InnermostException($Record) {
    $exception = $Record.Exception
    while ($null -ne $exception.InnerException) { $exception = $exception.InnerException }
    $exception
}

function ConvertTo-ErrorReply($Record) {
    $exception = Get-InnermostException $Record
    $reply = New-ErrorReply "$($exception.Message)" "$($Record.FullyQualifiedErrorId)" `
        "$($Record.CategoryInfo.Category)"
    $reply.exception = "$($exception.PSObject.TypeNames[0])"
    # What somebody had to add to it.
    if ($null -ne $Record.ErrorDetails) { $reply.message = "$($Record.ErrorDetails.Message)" }
    $reply.hresult = [long]$exception.HResult
    # A line of another file, a module's, would name the wrong place here.
    $place = $Record.InvocationInfo
    if ($null -ne $place -and -not $place.ScriptName) {
        $reply.line = [int]$place.ScriptLineNumber
    }
    $reply
}

# Queries run in Constrained Language too; a change needs methods and a mutex.
function Test-Precondition([bool]$Changes, [string[]]$Modules) {
    if ($Changes -and $languageMode -ne 'FullLanguage') {
        return New-ErrorReply "A change cannot run in language mode $languageMode." `
            'psrebind.LanguageMode' 'PermissionDenied'
    }
    if ($Changes -and -not $owned) {
        return New-ErrorReply ('Another psrebind is changing this host, or a program there holds ' +
            'the mutex Global\psrebind.') 'psrebind.Busy' 'ResourceBusy'
    }
    foreach ($module in $Modules) {
        if (-not (Get-Module -Name $module) -and -not (Get-Module -Name $module -ListAvailable)) {
            return New-ErrorReply "The module $module is missing." `
                "psrebind.MissingModule,$module" 'NotInstalled'
        }
        Import-Module -Name $module -Verbose:$false
    }
}

# A script of many changes takes its time: each of them is told when it begins.
function Write-Step([string]$Operation) {
    $done = [int]$memory['step']
    $memory['step'] = $done + 1
    Write-Progress -Activity $Operation -Status "$($done + 1) of $Steps" `
        -PercentComplete (100 * $done / $Steps)
}

function Invoke-Body([string]$Operation, [string[]]$Modules, [bool]$Changes, $Body) {
    $reply = @{ operation = $Operation; rows = @(); warnings = @(); error = $null }
    try {
        $reply.error = Test-Precondition $Changes $Modules
        if ($null -eq $reply.error) {
            if ($Changes) { Write-Step $Operation }
            $output = @(& $Body 3>&1)
            $reply.rows = @($output | Where-Object { $_ -is [hashtable] })
            $others = @($output | Where-Object { $_ -isnot [hashtable] })
            $reply.warnings = @($others | ForEach-Object { "$_" })
        }
        $reply.json = ConvertTo-ReplyJson $reply
    } catch {
        $reply.rows = @()
        $reply.error = ConvertTo-ErrorReply $_
        $reply.json = ConvertTo-ReplyJson $reply
    }
    $reply.json
}

<#
.SYNOPSIS
    Finding one scheduled task; only the query's own word is absence.
#>

# The task of exactly this path and name, nothing where there is none. Somebody else's broken task
# may be an error beside it, of the category ObjectNotFound too: 0x80070002.
function Find-Task([string]$TaskPath, [string]$TaskName) {
    $failures = @()
    $query = @{ TaskPath = $TaskPath; TaskName = $TaskName; ErrorAction = 'SilentlyContinue' }
    $found = @(Get-ScheduledTask @query -ErrorVariable failures | Where-Object {
        [string]::Equals("$($_.TaskPath)$($_.TaskName)", "$TaskPath$TaskName", 'OrdinalIgnoreCase')
    })
    if ($found.Count -gt 0) { return $found[0] }
    foreach ($failure in @($failures)) {
        if ("$($failure.FullyQualifiedErrorId)" -notlike 'CmdletizationQuery_NotFound*') {
            throw $failure
        }
    }
}
<#
.SYNOPSIS
    Scheduled tasks: their XML, and its canonical form by tables that Python gives.
#>

# The XML of a task, nothing where there is none.
function Get-TaskXml([string]$TaskPath, [string]$TaskName) {
    if ($null -eq (Find-Task $TaskPath $TaskName)) { return }
    Export-ScheduledTask -TaskPath $TaskPath -TaskName $TaskName -ErrorAction Stop
}

# Each attribute and leaf as path=value. The getters by name: an attribute 'name' hides a property.
function Get-TaskLine($Node, [string]$Path) {
    $children = @($Node.get_ChildNodes() | Where-Object { $_ -is [System.Xml.XmlElement] })
    $text = $Node.get_InnerText().Trim()
    if ($children.Count -eq 0 -and $text.StartsWith('<', 'Ordinal')) {
        # A subscription is XML in a text; what is not stays a text.
        try { $children = @(([xml]$text).get_DocumentElement()) } catch { $children = @() }
    }
    $below = ''
    if ($Path) { $below = "$Path/" }
    foreach ($attribute in @($Node.get_Attributes())) {
        $name = $attribute.get_LocalName()
        if ('xmlns', 'name' -notcontains $name -and $attribute.get_Prefix() -ne 'xmlns') {
            "$below@$name=$($attribute.get_Value().Trim())"
        }
    }
    if ($children.Count -eq 0) { "$Path=$text" }
    $seen = @()
    foreach ($child in $children) {
        $key = $child.get_LocalName()
        if ($child.HasAttribute('name')) { $key = "${key}[$($child.GetAttribute('name'))]" }
        $seen += $key
        $count = @($seen | Where-Object { [string]::Equals($_, $key, 'OrdinalIgnoreCase') }).Count
        $number = ''
        if ($count -gt 1) { $number = "[$count]" }
        Get-TaskLine $child "$below$key$number"
    }
}

# What a table has for a key: a look-up by the table itself goes by language (5.1).
function Get-Entry($Table, [string]$Key) {
    foreach ($entry in $Table.GetEnumerator()) {
        if ([string]::Equals($entry.Key, $Key, 'OrdinalIgnoreCase')) { return $entry.Value }
    }
}

# Lines in the order of their codes: by language, two that differ may well have none.
function Join-Line([string[]]$Lines) {
    $sorted = [string[]]@($Lines)
    [array]::Sort($sorted, [System.StringComparer]::Ordinal)
    $sorted -join "`n"
}

# The same walk and tables as psrebind's decode/tasks.py: a test holds the two together.
function Get-CanonicalTask([string]$Xml, [hashtable]$Tables) {
    $lines = foreach ($line in @(Get-TaskLine ([xml]$Xml).get_DocumentElement() '')) {
        $path, $value = $line -split '=', 2
        $meaning = Get-Entry $Tables['same'] "$path=$value"
        if ($null -ne $meaning) { $value = $meaning }
        if ('true', 'false' -contains $value) { $value = $value.ToLowerInvariant() }
        $ignored = @($Tables['ignored'] | Where-Object {
            [string]::Equals($path, $_, 'OrdinalIgnoreCase') -or
            $path.StartsWith("$_/", 'OrdinalIgnoreCase') })
        $isDefault = [string]::Equals((Get-Entry $Tables['defaults'] $path), $value, 'Ordinal')
        if ($value -and $ignored.Count -eq 0 -and -not $isDefault) { "$path=$value" }
    }
    Join-Line $lines
}
$owned = $false
$mutex = $null
if ($Changing -and $languageMode -eq 'FullLanguage') {
    try {
        $mutex = New-Object -TypeName System.Threading.Mutex -ArgumentList $false, 'Global\psrebind'
        $owned = $mutex.WaitOne(0)
    } catch [System.Threading.AbandonedMutexException] {
        # The one that held it died; it is ours now.
        $owned = $true
    } catch {
        # Another account's mutex cannot be opened: somebody holds it.
        $owned = $false
    }
}

$replies = @()
try {
$Operation = 'unregister_rebind_task'
$Modules = @(,'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Take the rebind task away.
.OUTPUTS
    One row: before, after (XML), changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\'
$TaskName = 'IIS-AutoCertRebind'




$before = Get-TaskXml $TaskPath $TaskName
if ($before) {
    $task = @{ TaskPath = $TaskPath; TaskName = $TaskName; Confirm = $false }
    Unregister-ScheduledTask @task -ErrorAction Stop
}
$after = Get-TaskXml $TaskPath $TaskName
if ($after) { throw "The task $TaskPath$TaskName is still there." }

@{ before = $before; after = $after; changed = [bool]$before }
}
} finally {
    if ($owned) { $mutex.ReleaseMutex() }
    if ($null -ne $mutex) { $mutex.Dispose() }
}

$bits = $null
if ($env:PROCESSOR_ARCHITECTURE -eq 'x86') { $bits = 32 }
if ('AMD64', 'ARM64' -contains $env:PROCESSOR_ARCHITECTURE) { $bits = 64 }
$head = ConvertTo-ReplyJson @{
    powershell    = "$($PSVersionTable.PSVersion)"
    language_mode = $languageMode
    process_bits  = $bits
    ui_culture    = (Get-UICulture).Name
    clock         = (Get-Date).ToUniversalTime().ToString('o')
}
$head.Substring(0, $head.Length - 1) + ',"bodies":[' + ($replies -join ',') + ']}'
}
