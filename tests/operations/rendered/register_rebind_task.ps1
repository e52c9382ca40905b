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
<#
.SYNOPSIS
    Running a native program by a list of arguments.
#>

# The exit status and the lines of output, which are shown to people and never read for words.
function Invoke-Native([string]$Program, [string[]]$Arguments) {
    # Windows PowerShell 5.1 makes error records of what a program writes to its error stream.
    $ErrorActionPreference = 'Continue'
    $output = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" })
    @{ exit = [int]$LASTEXITCODE; output = $output }
}
<#
.SYNOPSIS
    http.sys records as the registry has them.
#>

function ConvertTo-HttpRecord([string]$Kind, [string]$Name, [hashtable]$Values) {
    $record = @{ kind = $Kind; endpoint = $Name; thumbprint = $null; store = 'My' }
    $record.binary = @{}
    $record.values = @{}
    foreach ($entry in $Values.GetEnumerator()) {
        if ($entry.Value -is [byte[]]) {
            $record.binary[$entry.Key] = $entry.Value
        } else {
            $record.values[$entry.Key] = $entry.Value
        }
    }
    # The keys of SNI records are numbered; the name stands in a value.
    if ($Kind -eq 'hostnameport' -and $Values['HostnamePort']) {
        $record.endpoint = "$($Values['HostnamePort'])"
    }
    if ($Values['SslCertHash']) {
        $record.thumbprint = -join ($Values['SslCertHash'] | ForEach-Object { '{0:X2}' -f $_ })
    }
    if ($Values['SslCertStoreName']) {
        $record.store = "$($Values['SslCertStoreName'])"
    }
    $record
}

function Get-HttpRecordPath([string]$Kind) {
    $folders = @{
        ipport = 'SslBindingInfo'; hostnameport = 'SslSniBindingInfo'; ccs = 'SslCcsBindingInfo'
    }
    "HKLM:\SYSTEM\CurrentControlSet\Services\HTTP\Parameters\$($folders[$Kind])"
}

# Newer Windows keeps more of a record in keys below its own (TlsRestrictions): named here, so that
# nobody takes such a record for one that is wholly known.
function Add-HttpRecordKey([hashtable]$Values, [string[]]$Names) {
    foreach ($below in $Names) { $Values["$below\"] = 'a key' }
}

# A name as a key: by its letters' numbers. In Windows PowerShell a hashtable compares texts by
# language, and there one name may stand for another.
function Get-NameKey([string]$Name) {
    [int[]][char[]]$Name.ToUpperInvariant() -join ' '
}

# A script that only reads keeps the records for all of its bodies.
function Get-HttpRecord([string[]]$Kinds = @('ipport', 'hostnameport', 'ccs')) {
    foreach ($kind in $Kinds) {
        if (-not $Reading -or $null -eq $memory["records $kind"]) {
            $keys = @(Get-RegistrySubkey (Get-HttpRecordPath $kind))
            $memory["records $kind"] = @(foreach ($key in $keys) {
                Add-HttpRecordKey $key.values $key.below
                $record = ConvertTo-HttpRecord $kind $key.name $key.values
                # Numbered keys are searched once; this memory lives as long as the script.
                $memory[(Get-NameKey "$kind=$($record.endpoint)")] = $key.name
                $record
            })
        }
        $memory["records $kind"]
    }
}

# One record, nothing where there is none. The number of an SNI record's key may change.
function Find-HttpRecord([string]$Kind, [string]$Endpoint) {
    $name = $Endpoint
    if ($Kind -eq 'hostnameport') { $name = $memory[(Get-NameKey "$Kind=$Endpoint")] }
    if ($name) {
        $path = "$(Get-HttpRecordPath $Kind)\$name"
        $key = Get-RegistryKey $path
        # Not .Count: a value may have that name.
        if ($null -ne $key -and @($key.values.GetEnumerator()).Count -gt 0) {
            if ($key.below -gt 0) { Add-HttpRecordKey $key.values @(Get-RegistrySubkeyName $path) }
            $record = ConvertTo-HttpRecord $Kind $name $key.values
            if ([string]::Equals($record.endpoint, $Endpoint, 'OrdinalIgnoreCase')) {
                return $record
            }
        }
    }
    if ($Kind -eq 'hostnameport') {
        Get-HttpRecord @($Kind) |
            Where-Object { [string]::Equals($_.endpoint, $Endpoint, 'OrdinalIgnoreCase') }
    }
}
<#
.SYNOPSIS
    An event log: whether it is on, and turning it on.
#>

# The log, nothing where there is none.
function Get-Channel([string]$Channel) {
    try {
        Get-WinEvent -ListLog $Channel -ErrorAction Stop
    } catch {
        if ("$($_.FullyQualifiedErrorId)" -notlike 'NoMatchingLogsFound,*') { throw }
    }
}

function Enable-Channel([string]$Channel) {
    $wevtutil = "$env:SystemRoot\System32\wevtutil.exe"
    $result = Invoke-Native $wevtutil @('sl', $Channel, '/e:true')
    if (-not (Get-Channel $Channel).IsEnabled) {
        throw "The log $Channel is still off; wevtutil ended with $($result.exit)."
    }
}
<#
.SYNOPSIS
    Bound certificates of one template: what makes the rebind task dangerous.
#>

# What names the template: the whole name (version 1), or the OID without its versions (2).
function Get-TemplateKey($Certificate) {
    foreach ($extension in @($Certificate.Extensions)) {
        $bytes = $extension.RawData
        if ($extension.Oid.Value -eq '1.3.6.1.4.1.311.20.2') { return $bytes -join ' ' }
        if ($extension.Oid.Value -eq '1.3.6.1.4.1.311.21.7') {
            return $bytes[4..(3 + $bytes[3])] -join ' '
        }
    }
}

# Whether the machine's policy turns autoenrollment on: AEPolicy without the bit that disables all.
function Test-Autoenrollment {
    $path = 'HKLM:\SOFTWARE\Policies\Microsoft\Cryptography\AutoEnrollment'
    $policy = (Get-RegistryValue $path)['AEPolicy']
    $null -ne $policy -and ($policy -band 0x8000) -eq 0
}

# Autoenrollment renews one certificate of a template and replaces the others by it: the task
# would then put that one on every site.
function Get-SharedTemplate {
    $bound = @{}
    foreach ($record in @(Get-HttpRecord)) {
        if ($record.thumbprint) { $bound[$record.thumbprint] = $true }
    }
    $groups = @{}
    # One look for all of them.
    $stored = @(Get-ChildItem -LiteralPath 'Cert:\LocalMachine\My' | Sort-Object Thumbprint)
    foreach ($certificate in @($stored | Where-Object { $bound[$_.Thumbprint] })) {
        $key = Get-TemplateKey $certificate
        # What is archived was renewed already, and is not renewed again.
        if ($key -and -not $certificate.Archived) {
            $groups[$key] = @($groups[$key] | Where-Object { $_ }) + $certificate.Thumbprint
        }
    }
    foreach ($key in @($groups.Keys | Sort-Object { $groups[$_][0] })) {
        if ($groups[$key].Count -gt 1) { , @($groups[$key]) }
    }
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
$Operation = 'register_rebind_task'
$Modules = @(,'ScheduledTasks')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Register the rebind task that IIS Manager makes, and turn its event log on.
.OUTPUTS
    One row: before, after (XML), enabled_before, enabled_after, shared, autoenrollment,
    skipped, changed.
#>

$TaskPath = '\Microsoft\Windows\CertificateServicesClient\'
$TaskName = 'IIS-AutoCertRebind'
$Channel = 'Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational'
$Xml = '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><RegistrationInfo><URI>\Microsoft\Windows\CertificateServicesClient\IIS-AutoCertRebind</URI></RegistrationInfo><Triggers><EventTrigger><Enabled>true</Enabled><Subscription>&lt;QueryList&gt;&lt;Query Id=''0''&gt;&lt;Select Path=''Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational''&gt;*[System[EventID=1001]]&lt;/Select&gt;&lt;/Query&gt;&lt;/QueryList&gt;</Subscription><ValueQueries><Value name="NewCertHash">Event/UserData/CertNotificationData/NewCertificateDetails/@Thumbprint</Value><Value name="OldCertHash">Event/UserData/CertNotificationData/OldCertificateDetails/@Thumbprint</Value></ValueQueries></EventTrigger></Triggers><Principals><Principal id="System"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel><LogonType>InteractiveToken</LogonType></Principal></Principals><Settings><MultipleInstancesPolicy>Queue</MultipleInstancesPolicy><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>true</StopIfGoingOnBatteries><AllowHardTerminate>true</AllowHardTerminate><StartWhenAvailable>false</StartWhenAvailable><RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable><IdleSettings><StopOnIdleEnd>true</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle></IdleSettings><AllowStartOnDemand>true</AllowStartOnDemand><Enabled>true</Enabled><Hidden>false</Hidden><RunOnlyIfIdle>false</RunOnlyIfIdle><WakeToRun>false</WakeToRun><ExecutionTimeLimit>PT1H</ExecutionTimeLimit><Priority>7</Priority><RestartOnFailure><Interval>PT10M</Interval><Count>3</Count></RestartOnFailure></Settings><Actions Context="System"><Exec><Command>%SystemRoot%\System32\inetsrv\appcmd.exe</Command><Arguments>renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)</Arguments></Exec></Actions></Task>'
$Wanted = @('Actions/@Context=System', 'Actions/Exec/Arguments=renew binding /oldcert:$(OldCertHash) /newcert:$(NewCertHash)', 'Actions/Exec/Command=%SystemRoot%\System32\inetsrv\appcmd.exe', 'Principals/Principal/@id=System', 'Principals/Principal/RunLevel=HighestAvailable', 'Principals/Principal/UserId=S-1-5-18', 'Settings/DisallowStartIfOnBatteries=false', 'Settings/ExecutionTimeLimit=PT1H', 'Settings/MultipleInstancesPolicy=Queue', 'Settings/RestartOnFailure/Count=3', 'Settings/RestartOnFailure/Interval=PT10M', 'Triggers/EventTrigger/Subscription/QueryList/Query/Select=*[System[EventID=1001]]', 'Triggers/EventTrigger/Subscription/QueryList/Query/Select/@Path=Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational', 'Triggers/EventTrigger/ValueQueries/Value[NewCertHash]=Event/UserData/CertNotificationData/NewCertificateDetails/@Thumbprint', 'Triggers/EventTrigger/ValueQueries/Value[OldCertHash]=Event/UserData/CertNotificationData/OldCertificateDetails/@Thumbprint')
$Tables = @{'defaults' = @{'Triggers/EventTrigger/Enabled' = 'true'; 'Triggers/EventTrigger/Delay' = 'PT0S'; 'Principals/Principal/LogonType' = 'InteractiveToken'; 'Principals/Principal/RunLevel' = 'LeastPrivilege'; 'Settings/AllowHardTerminate' = 'true'; 'Settings/AllowStartOnDemand' = 'true'; 'Settings/DeleteExpiredTaskAfter' = 'PT0S'; 'Settings/DisallowStartIfOnBatteries' = 'true'; 'Settings/DisallowStartOnRemoteAppSession' = 'false'; 'Settings/Enabled' = 'true'; 'Settings/ExecutionTimeLimit' = 'PT72H'; 'Settings/Hidden' = 'false'; 'Settings/IdleSettings/Duration' = 'PT10M'; 'Settings/IdleSettings/RestartOnIdle' = 'false'; 'Settings/IdleSettings/StopOnIdleEnd' = 'true'; 'Settings/IdleSettings/WaitTimeout' = 'PT1H'; 'Settings/MultipleInstancesPolicy' = 'IgnoreNew'; 'Settings/Priority' = '7'; 'Settings/RunOnlyIfIdle' = 'false'; 'Settings/RunOnlyIfNetworkAvailable' = 'false'; 'Settings/StartWhenAvailable' = 'false'; 'Settings/StopIfGoingOnBatteries' = 'true'; 'Settings/Volatile' = 'false'; 'Settings/WakeToRun' = 'false'}; 'ignored' = @('@version', 'RegistrationInfo', 'Settings/UseUnifiedSchedulingEngine', 'Triggers/EventTrigger/Subscription/QueryList/Query/@Id', 'Triggers/EventTrigger/Subscription/QueryList/Query/@Path'); 'same' = @{'Principals/Principal/LogonType=ServiceAccount' = 'InteractiveToken'; 'Principals/Principal/UserId=SYSTEM' = 'S-1-5-18'; 'Principals/Principal/UserId=LocalSystem' = 'S-1-5-18'; 'Principals/Principal/UserId=NT AUTHORITY\SYSTEM' = 'S-1-5-18'; 'Settings/ExecutionTimeLimit=P3D' = 'PT72H'; 'Settings/ExecutionTimeLimit=PT60M' = 'PT1H'; 'Settings/ExecutionTimeLimit=PT3600S' = 'PT1H'; 'Settings/RestartOnFailure/Interval=PT600S' = 'PT10M'; 'Actions/Exec/Command=%SystemRoot%\System32\inetsrv\appcmd.exe' = '%SystemRoot%\System32\inetsrv\appcmd.exe'; 'Actions/Exec/Command="%SystemRoot%\System32\inetsrv\appcmd.exe"' = '%SystemRoot%\System32\inetsrv\appcmd.exe'; 'Actions/Exec/Command=%windir%\System32\inetsrv\appcmd.exe' = '%SystemRoot%\System32\inetsrv\appcmd.exe'}}
$Force = $false









$log = Get-Channel $Channel
if ($null -eq $log) { throw "There is no log $Channel on this Windows." }
$enabled = [bool]$log.IsEnabled
$before = Get-TaskXml $TaskPath $TaskName
$form = ''
if ($before) { $form = Get-CanonicalTask $before $Tables }
$goal = Join-Line $Wanted
$same = [string]::Equals($form, $goal, 'Ordinal')
$shared = @(Get-SharedTemplate)
$autoenrollment = Test-Autoenrollment
# A task that is right and active already is no danger more for being left as it is.
$isDone = $same -and $enabled
$skipped = $shared.Count -gt 0 -and $autoenrollment -and -not $Force -and -not $isDone
$after = $before

if (-not $skipped) {
    if (-not $enabled) { Enable-Channel $Channel }
    if (-not $same) {
        $task = @{ TaskPath = $TaskPath; TaskName = $TaskName; Xml = $Xml }
        Register-ScheduledTask @task -Force -ErrorAction Stop | Out-Null
    }
    $after = Get-TaskXml $TaskPath $TaskName
    if (-not $after) { throw "The task $TaskPath$TaskName is not there after registering it." }
    if (-not [string]::Equals((Get-CanonicalTask $after $Tables), $goal, 'Ordinal')) {
        throw "The task $TaskPath$TaskName is not as it was registered: $after"
    }
}

@{
    before         = $before
    after          = $after
    enabled_before = $enabled
    enabled_after  = [bool](Get-Channel $Channel).IsEnabled
    shared         = $shared
    autoenrollment = $autoenrollment
    skipped        = $skipped
    changed        = -not $skipped -and -not $isDone
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
