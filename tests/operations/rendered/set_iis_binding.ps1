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
    The options of http.sys records: what a rebind lost of them, and putting it back by netsh.
#>

# What a record says of something; absent, empty and 0 mean the same.
function Get-OptionText($Part, [string]$Name) {
    $text = $Part[$Name] -join ' '
    if ($text -eq '0') { '' } else { $text }
}

# The names of the values that differ, the certificate and its store left out; none without a
# record to compare with.
function Get-LostOption($Before, $After) {
    if ($null -eq $Before) { return }
    foreach ($part in 'values', 'binary') {
        # Not .Keys: a value may have that name.
        $entries = @($Before[$part].GetEnumerator()) + @($After[$part].GetEnumerator())
        foreach ($name in $entries | ForEach-Object { $_.Key } | Sort-Object -Unique) {
            $old = Get-OptionText $Before[$part] $name
            $new = Get-OptionText $After[$part] $name
            # A record of no program becomes one of IIS: there is no other way to write it.
            $isNew = $name -eq 'AppId' -and -not $old
            if ($old -ne $new -and -not $isNew -and
                'SslCertHash', 'SslCertStoreName', 'HostnamePort' -notcontains $name) {
                $name
            }
        }
    }
}

# Before Server 2019 netsh has no update, and only there a record may be gone for a statement.
function Test-NetshUpdate {
    $path = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    [int](Get-RegistryValue $path)['CurrentBuildNumber'] -ge 17763
}

# The words that netsh wants of a record beside its options.
function Get-RecordWord($Before, [string]$Thumbprint, [string]$Store) {
    $application = [guid]'4dc3e181-e14b-4a21-b022-59fc669b0914'
    if ($Before.binary['AppId']) { $application = [guid]$Before.binary['AppId'] }
    "$($Before.kind)=$($Before.endpoint)"
    "certhash=$Thumbprint"
    "certstorename=$Store"
    "appid={$application}"
}

# Better a record without its options than none; netsh has been seen to fail for a moment.
function Add-HttpRecord($Before, [string[]]$Record, [string[]]$Options) {
    $netsh = "$env:SystemRoot\System32\netsh.exe"
    Invoke-Native $netsh (@('http', 'add', 'sslcert') + $Record + $Options) | Out-Null
    for ($try = 1; $try -le 3; $try++) {
        if ($null -ne (Find-HttpRecord $Before.kind $Before.endpoint)) { return }
        if ($try -gt 1) { Start-Sleep -Seconds 1 }
        Invoke-Native $netsh (@('http', 'add', 'sslcert') + $Record) | Out-Null
    }
}

# Windows writes a new record at a rebind and forgets client-certificate options and more.
# netsh succeeds without doing anything when it does not know a parameter: look again.
function Restore-HttpRecord($Before, [string]$Thumbprint, [string]$Store, [string[]]$Options) {
    $kind = $Before.kind
    $endpoint = $Before.endpoint
    $after = Find-HttpRecord $kind $endpoint
    if ($null -eq $after) { throw "The record $kind=$endpoint is gone after the rebind." }
    if (@(Get-LostOption $Before $after).Count -eq 0) { return }
    $netsh = "$env:SystemRoot\System32\netsh.exe"
    $record = @(Get-RecordWord $Before $Thumbprint $Store)
    $update = Invoke-Native $netsh (@('http', 'update', 'sslcert') + $record + $Options)
    if ($update.exit -eq 0 -or (Test-NetshUpdate)) { return }
    Invoke-Native $netsh @('http', 'delete', 'sslcert', "$kind=$endpoint") | Out-Null
    Add-HttpRecord $Before $record $Options
}

# After a change that failed or was stopped: Windows deletes a record before it finds that the new
# one cannot be set. A record that is gone comes back with the certificate before; one that has the
# new certificate gets its options. Says what a person must know of it, with a space in front.
function Repair-HttpRecord($Wanted, [string]$Thumbprint, [string]$Store, $Options, $IsEnded) {
    if ($null -eq $Wanted) { return '' }
    $place = "$($Wanted.kind)=$($Wanted.endpoint)"
    try {
        $now = Find-HttpRecord $Wanted.kind $Wanted.endpoint
        if ($IsEnded -and $null -ne $now) { return '' }
        if ($null -ne $now -and $now.thumbprint -eq $Thumbprint) {
            Restore-HttpRecord $Wanted $Thumbprint $Store $Options
            $now = Find-HttpRecord $Wanted.kind $Wanted.endpoint
        }
        $isGone = $null -eq $now
        if ($isGone -and $Wanted.thumbprint) {
            $record = @(Get-RecordWord $Wanted $Wanted.thumbprint $Wanted.store)
            Add-HttpRecord $Wanted $record $Options
            $now = Find-HttpRecord $Wanted.kind $Wanted.endpoint
        }
    } catch {
        return " What the record $place has now is unknown: $($_.Exception.Message)"
    }
    if ($null -eq $now) { return " The record $place is gone." }
    $without = @(Get-LostOption $Wanted $now) -join ', '
    if ($without) { $without = ", without $without" }
    if ($isGone) {
        return " The record $place was gone after that: $($now.thumbprint) is on it again$without."
    }
    if ($without) { " The record $place has $($now.thumbprint)$without." } else { '' }
}

# An error with a sentence more; its number stays.
function Add-ErrorText($Record, [string]$Text) {
    if ($Text) {
        $exception = Get-InnermostException $Record
        $Record.ErrorDetails = New-Object -TypeName System.Management.Automation.ErrorDetails `
            -ArgumentList "$($exception.Message)$Text"
    }
    $Record
}
<#
.SYNOPSIS
    Opening a certificate's private key, before anything depends on it.
#>

# Throws where there is no key, or it does not open. Silent where nobody can know: the classes came
# with .NET 4.6.
function Assert-PrivateKey([string]$Thumbprint, [string]$Store) {
    $reason = 'there is none'
    try {
        $certificate = Get-Item -LiteralPath "Cert:\LocalMachine\$Store\$Thumbprint"
        $rsa = [System.Security.Cryptography.X509Certificates.RSACertificateExtensions]
        $ecdsa = [System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]
        $key = $rsa::GetRSAPrivateKey($certificate)
        if ($null -eq $key) { $key = $ecdsa::GetECDsaPrivateKey($certificate) }
        if ($null -ne $key) { $key.Dispose() }
        # These classes do not know keys of every kind.
        if ($certificate.HasPrivateKey) { return }
    } catch [System.Security.Cryptography.CryptographicException] {
        $exception = Get-InnermostException $_
        $reason = "0x$('{0:X8}' -f $exception.HResult): $($exception.Message)"
    } catch {
        return
    }
    throw "The private key of $Thumbprint in the store $Store does not open ($reason)."
}
<#
.SYNOPSIS
    Finding one HTTPS binding of IIS, and reading the certificate of its record.
#>

# All HTTPS bindings by what they are bound to, read once a script: each look walks all of them.
function Read-IisBinding {
    $memory['bindings'] = @{}
    foreach ($binding in @(Get-WebBinding -Protocol 'https')) {
        $place = Get-NameKey $binding.bindingInformation
        $others = @($memory['bindings'][$place] | Where-Object { $_ })
        $memory['bindings'][$place] = $others + , $binding
    }
}

# What was read of one place and site, once: who asks again wants to see what became of it.
function Receive-IisBinding([string]$Site, [string]$Information) {
    if ($null -eq $memory['bindings']) { return }
    $path = "[@name='$Site' and @id=".ToLowerInvariant()
    $place = Get-NameKey $Information
    $others = @()
    foreach ($binding in @($memory['bindings'][$place] | Where-Object { $_ })) {
        if ("$($binding.ItemXPath)".ToLowerInvariant().Contains($path) -and
            [string]::Equals($binding.bindingInformation, $Information, 'OrdinalIgnoreCase')) {
            $binding
        } else {
            $others += , $binding
        }
    }
    $memory['bindings'][$place] = $others
}

# Exactly one binding, or an error.
function Get-IisBinding([string]$Site, [string]$Information) {
    $found = @(Receive-IisBinding $Site $Information)
    if ($found.Count -eq 0) {
        Read-IisBinding
        $found = @(Receive-IisBinding $Site $Information)
    }
    if ($found.Count -eq 0) {
        # By the parameter last: it takes a part of a name for a pattern, or for the end of a text.
        $found = @(Get-WebBinding -Name $Site -Protocol 'https' | Where-Object {
            [string]::Equals($_.bindingInformation, $Information, 'OrdinalIgnoreCase') })
    }
    if ($found.Count -ne 1) {
        throw "Site '$Site' has $($found.Count) HTTPS bindings '$Information', not one."
    }
    $found[0]
}

# The text 'no certificate' stands for a missing record in comparisons and messages.
function Get-Thumbprint($Record) {
    if ($null -eq $Record -or -not $Record.thumbprint) {
        'no certificate'
    } else {
        $Record.thumbprint
    }
}

# Whether a record has this certificate from this store.
function Test-RecordCertificate($Record, [string]$Thumbprint, [string]$Store) {
    (Get-Thumbprint $Record) -eq $Thumbprint -and
        [string]::Equals($Record.store, $Store, 'OrdinalIgnoreCase')
}

# The same for messages, with the store that the certificate is taken from.
function Get-CertificateText($Record) {
    $thumbprint = Get-Thumbprint $Record
    if ($null -eq $Record) { $thumbprint } else { "$thumbprint in $($Record.store)" }
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
$Operation = 'set_iis_binding'
$Modules = @(,'WebAdministration')
$Changes = $true
$replies += Invoke-Body $Operation $Modules $Changes {


<#
.SYNOPSIS
    Put a certificate on one HTTPS binding of a site.
.OUTPUTS
    One row: site, information, flags, before, after, lost, changed.
#>

$Site = ('B' + [char]0x00FC + 'cher''s')
$Information = '*:443:www.example.com'
$Kind = 'hostnameport'
$Endpoint = 'www.example.com:443'
$Expected = '0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A'
$Thumbprint = '1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B1B'
$Store = 'My'
$Options = @(,'clientcertnegotiation=enable')
$Values = $null








$binding = Get-IisBinding $Site $Information
$flags = [long]$binding.sslFlags
$before = Find-HttpRecord $Kind $Endpoint
# What its options shall be: as they are, or as they were before a change that did not end.
$wanted = $before
if ($null -ne $Values) { $wanted = ConvertTo-HttpRecord $Kind $Endpoint $Values }
$isSet = Test-RecordCertificate $before $Thumbprint $Store
$isWhole = $isSet -and @(Get-LostOption $wanted $before).Count -eq 0
$rescue = ''
if (-not $isWhole) {
    $promised = Get-Thumbprint @{ thumbprint = $Expected }
    if (-not $isSet -and (Get-Thumbprint $before) -ne $promised) {
        throw "Binding '$Information' of '$Site' has $(Get-Thumbprint $before), not $promised."
    }
    if (-not $isSet) { Assert-PrivateKey $Thumbprint $Store }
    $isEnded = $false
    try {
        if (-not $isSet) { $binding.AddSslCertificate($Thumbprint, $Store) | Out-Null }
        if ($null -ne $wanted) {
            Restore-HttpRecord $wanted $Thumbprint $Store $Options
            if ($null -eq (Find-HttpRecord $Kind $Endpoint)) {
                # Nobody may be left without a certificate for the sake of an option.
                $binding.AddSslCertificate($Thumbprint, $Store) | Out-Null
            }
        }
        $isEnded = $true
    } catch {
        $failure = $_
    } finally {
        # Here comes a pipeline that is stopped, too.
        $rescue = Repair-HttpRecord $wanted $Thumbprint $Store $Options $isEnded
    }
    if (-not $isEnded) { throw (Add-ErrorText $failure $rescue) }
}

$after = Find-HttpRecord $Kind $Endpoint
if (-not (Test-RecordCertificate $after $Thumbprint $Store)) {
    $has = Get-CertificateText $after
    throw "Binding '$Information' of '$Site' has $has, not $Thumbprint in $Store.$rescue"
}

@{
    site        = $Site
    information = $Information
    flags       = $flags
    before      = $before
    after       = $after
    lost        = @(Get-LostOption $wanted $after)
    changed     = -not $isWhole
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
