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

$Changing = $false
$Reading = $true
$Steps = 0
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
    Reading the registry, value by value, without a word of the host's language.
#>

# The values of a key by name, from what Get-ItemProperty gave, which is nothing for a key without.
# PowerShell's own notes hide values of their names: of these only that they are there is known.
function ConvertTo-RegistryValue($Key, $Item) {
    $notes = '^PS(Path|ParentPath|ChildName|Drive|Provider)$'
    $values = @{}
    if ($null -ne $Item) {
        foreach ($property in $Item.PSObject.Properties) {
            if ($property.Name -notmatch $notes) { $values[$property.Name] = $property.Value }
        }
    }
    foreach ($name in @($Key.Property) -match $notes) { $values[$name] = 'a value' }
    $values
}

# One key: its values by name and how many keys are below it; nothing where it is missing.
function Get-RegistryKey([string]$Path) {
    $key = Get-Item -LiteralPath $Path -ErrorAction SilentlyContinue
    # What is there and cannot be read is an error.
    if ($null -eq $key -and (Test-Path -LiteralPath $Path)) { $key = Get-Item -LiteralPath $Path }
    if ($null -ne $key) {
        @{
            values = ConvertTo-RegistryValue $key (Get-ItemProperty -LiteralPath $Path)
            below  = $key.SubKeyCount
        }
    }
}

# All values of a key by name; empty where the key is missing.
function Get-RegistryValue([string]$Path) {
    $key = Get-RegistryKey $Path
    if ($null -eq $key) { @{} } else { $key.values }
}

# The names of the keys below one; none where it is missing.
function Get-RegistrySubkeyName([string]$Path) {
    if (Test-Path -LiteralPath $Path) {
        Get-ChildItem -LiteralPath $Path | ForEach-Object { $_.PSChildName }
    }
}

# The values of keys by the keys' place in a list. One key goes through after the other: one without
# values gives nothing.
function Get-RegistryItem($Keys) {
    $items = @{}
    $number = -1
    $Keys | ForEach-Object { $number++; $_ } | Get-ItemProperty -ErrorAction SilentlyContinue |
        ForEach-Object { $items[$number] = $_ }
    $items
}

# The names of the keys below the keys below one, by the path of the key between.
function Get-RegistryGrandchild([string]$Path, [string]$Top) {
    $names = @{}
    foreach ($key in @(Get-ChildItem -LiteralPath $Path -Recurse -ErrorAction SilentlyContinue)) {
        $parent = $key.PSParentPath
        if (-not [string]::Equals($parent, $Top, 'OrdinalIgnoreCase')) {
            $names[$parent] = @($names[$parent] | Where-Object { $_ }) + $key.PSChildName
        }
    }
    $names
}

# The keys below one with their values and the names of the keys below them, in one pass: each call
# of the provider takes milliseconds, and a host may have thousands of keys.
function Get-RegistrySubkey([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return }
    $counts = @{}
    $below = @{}
    $keys = @(Get-ChildItem -LiteralPath $Path | ForEach-Object {
        $counts[$counts.Count] = $_.SubKeyCount
        $_
    })
    if (@($counts.Values | Where-Object { $_ -gt 0 }).Count -gt 0) {
        $below = Get-RegistryGrandchild $Path $keys[0].PSParentPath
    }
    $items = Get-RegistryItem $keys
    for ($number = 0; $number -lt $keys.Count; $number++) {
        $key = $keys[$number]
        if ($null -eq $items[$number] -and @($key.Property | Where-Object { $_ }).Count -gt 0) {
            # Gone meanwhile, or not to be read, which is an error.
            if (-not (Test-Path -LiteralPath $key.PSPath)) { continue }
            $items[$number] = Get-ItemProperty -LiteralPath $key.PSPath
        }
        $names = @($below[$key.PSPath] | Where-Object { $_ })
        # Nobody knows the names of keys that are not to be read.
        if ($counts[$number] -gt $names.Count) { $names += '?' }
        @{
            name   = $key.PSChildName
            values = ConvertTo-RegistryValue $key $items[$number]
            below  = $names
        }
    }
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
$Operation = 'get_certificate'
$Modules = @()
$Changes = $false
$replies += Invoke-Body $Operation $Modules $Changes {
<#
.SYNOPSIS
    Read the certificates of the machine's stores, archived ones included.
.OUTPUTS
    One row per certificate: store, thumbprint, blob (the store's own bytes).
#>

$Stores = @('My', 'WebHosting')



foreach ($store in $Stores) {
    $path = "HKLM:\SOFTWARE\Microsoft\SystemCertificates\$store\Certificates"
    foreach ($key in @(Get-RegistrySubkey $path)) {
        @{ store = $store; thumbprint = $key.name; blob = $key.values['Blob'] }
    }
}
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
