# The callback channel: one TCP connection per shell to the Python model of this host, one JSON
# line each way. Everything here is strict-mode safe, since a global function runs in its caller's
# strict mode, and calls .NET rather than cmdlets, since later parts shadow some of those.

function global:Connect-LabHost {
    $utf8 = [System.Text.UTF8Encoding]::new($false)
    # A socket and an address in numbers: TcpClient with a name costs a shell 30 ms more.
    $socket = [System.Net.Sockets.Socket]::new('Stream', 'Tcp')
    $socket.Connect([System.Net.IPAddress]$env:PSREBIND_LAB_ADDRESS, [int]$env:PSREBIND_LAB_PORT)
    $socket.NoDelay = $true
    $stream = [System.Net.Sockets.NetworkStream]::new($socket, $true)
    $writer = [System.IO.StreamWriter]::new($stream, $utf8)
    $writer.NewLine = "`n"
    $writer.AutoFlush = $true
    $global:LabChannel = @{
        host    = $env:PSREBIND_LAB_HOST
        reader  = [System.IO.StreamReader]::new($stream, $utf8)
        writer  = $writer
        pending = $null
        id      = 0
    }
    $writer.WriteLine((ConvertTo-LabJson @{
                token = $env:PSREBIND_LAB_TOKEN; host = $env:PSREBIND_LAB_HOST }))
    # No script of the client shall find the token; the open connection is enough.
    $env:PSREBIND_LAB_TOKEN = $null
}

function global:ConvertTo-LabJson {
    param($Value)
    if ($null -eq $Value) { return 'null' }
    if ($Value -is [bool]) { return $(if ($Value) { 'true' } else { 'false' }) }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32]) { return "$Value" }
    if ($Value -is [System.Collections.IDictionary]) {
        $members = foreach ($key in $Value.Keys) {
            (ConvertTo-LabJson "$key") + ':' + (ConvertTo-LabJson $Value[$key])
        }
        return '{' + ($members -join ',') + '}'
    }
    if ($Value -is [System.Collections.IList]) {
        $members = foreach ($member in $Value) { ConvertTo-LabJson $member }
        return '[' + ($members -join ',') + ']'
    }
    # Loading the encoder costs a shell 20 ms, and few texts need it.
    if ("$Value" -cmatch '[^ -~]') {
        return '"' + "$([System.Text.Json.JsonEncodedText]::Encode("$Value"))" + '"'
    }
    '"' + "$Value".Replace('\', '\\').Replace('"', '\"') + '"'
}

# ConvertFrom-Json would turn strings that look like dates into dates.
function global:ConvertFrom-LabJson {
    param($Element)
    switch ("$($Element.ValueKind)") {
        'Object' {
            $table = [ordered]@{}
            foreach ($property in $Element.EnumerateObject()) {
                if ($property.Name -eq '$bytes') {
                    return , $property.Value.GetBytesFromBase64()
                }
                $table[$property.Name] = ConvertFrom-LabJson $property.Value
            }
            return $table
        }
        'Array' {
            $list = [System.Collections.Generic.List[object]]::new()
            foreach ($member in $Element.EnumerateArray()) {
                $list.Add((ConvertFrom-LabJson $member))
            }
            return , $list.ToArray()
        }
        'String' { return $Element.GetString() }
        'Number' { return ConvertFrom-LabNumber $Element.GetDecimal() }
        'True' { return $true }
        'False' { return $false }
    }
    $null
}

# The registry provider gives the smallest of these that holds a DWORD or QWORD.
function global:ConvertFrom-LabNumber {
    param([decimal]$Number)
    if ($Number % 1 -ne 0) { return [double]$Number }
    if ($Number -ge -2147483648 -and $Number -le 2147483647) { return [int]$Number }
    if ($Number -ge 0 -and $Number -le 4294967295) { return [uint32]$Number }
    if ($Number -gt [long]::MaxValue) { return [uint64]$Number }
    [long]$Number
}

function global:Invoke-LabHost {
    param([string]$Command, [System.Collections.IDictionary]$Arguments = @{})
    $ErrorActionPreference = 'Stop'
    $channel = $global:LabChannel
    $channel.id++
    $channel.writer.WriteLine((ConvertTo-LabJson @{
                id = $channel.id; command = $Command; arguments = $Arguments }))
    # A stopped pipeline leaves its reply behind; the id tells it from ours. Short waits, because
    # Stop is heard between statements only.
    do {
        if ($null -eq $channel.pending) { $channel.pending = $channel.reader.ReadLineAsync() }
        while (-not $channel.pending.Wait(50)) { }
        $line = $channel.pending.Result
        $channel.pending = $null
        if ($null -eq $line) { throw "The lab closed its callback channel at '$Command'." }
        $reply = ConvertFrom-LabJson ([System.Text.Json.JsonDocument]::Parse($line).RootElement)
    } until ($reply['id'] -eq $channel.id)
    if ($reply.Contains('error')) { throw (New-LabError $reply['error']) }
    $reply['result']
}

function global:New-LabError {
    param([System.Collections.IDictionary]$Fault, $Target)
    $type = $Fault['exception_type'] -as [type]
    if ($null -eq $type -or -not [System.Exception].IsAssignableFrom($type)) {
        $type = [System.Management.Automation.RuntimeException]
    }
    try {
        $exception = $type::new($Fault['message'])
    } catch {
        # The event log's own exception is there on every system, and throws on all but Windows. Not
        # a RuntimeException: thrown again, its record would lose the id.
        $exception = [System.Exception]::new($Fault['message'])
    }
    if ($exception.GetType().FullName -ne $Fault['exception_type'] -and $Fault['exception_type']) {
        $exception.PSObject.TypeNames.Insert(0, $Fault['exception_type'])
    }
    if ($null -ne $Fault['hresult']) {
        # 0x80070020 comes as a positive number.
        $exception.HResult = [System.BitConverter]::ToInt32(
            [System.BitConverter]::GetBytes([long]$Fault['hresult']), 0)
    }
    $category = $Fault['category'] -as [System.Management.Automation.ErrorCategory]
    if ($null -eq $category) { $category = 'NotSpecified' }
    $record = [System.Management.Automation.ErrorRecord]::new(
        $exception, $Fault['error_id'], $category, $Target)
    if ("$($Fault['error_id'])".Contains(',')) { Set-LabErrorId $record $Fault['error_id'] }
    $record
}

# A cmdlet's class is part of its error ids, and the engine puts a function's name there; this is
# the field in which it keeps the id of an error that came over the wire.
function global:Set-LabErrorId {
    param($Record, [string]$Id)
    $flags = [System.Reflection.BindingFlags]'NonPublic, Instance'
    $field = $Record.GetType().GetField('_serializedFullyQualifiedErrorId', $flags)
    if ($null -ne $field) { $field.SetValue($Record, $Id) }
}

# Not a cast: of a dictionary that came through a pipeline that makes a wrapped dictionary.
function global:New-LabObject {
    param([System.Collections.IDictionary]$Table, [string]$TypeName)
    $object = [psobject]::new()
    foreach ($name in $Table.Keys) {
        $object.PSObject.Members.Add(
            [System.Management.Automation.PSNoteProperty]::new($name, $Table[$name]))
    }
    if ($TypeName) { $object.PSObject.TypeNames.Insert(0, $TypeName) }
    $object
}

# Called by name from every stub that the model does not cover. Not `throw`, which a caller's
# SilentlyContinue would swallow.
function global:Deny-LabCommand {
    param($Cmdlet, [string]$What = $Cmdlet.MyInvocation.MyCommand.Name)
    $Cmdlet.ThrowTerminatingError((New-LabError @{
                message        = "'$What' is not simulated by the lab."
                error_id       = 'NotSimulated'
                category       = 'NotImplemented'
                exception_type = 'System.NotImplementedException' }))
}
