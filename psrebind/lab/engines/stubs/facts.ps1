# What a host says about itself through cmdlets: culture, policy, clock; and names that are its own.

function global:Get-LabCulture {
    $name = $global:LabFacts['ui_culture']
    try {
        [System.Globalization.CultureInfo]::GetCultureInfo($name)
    } catch {
        # An engine without culture data knows the invariant one only.
        $culture = [pscustomobject]@{
            Name                     = $name
            DisplayName              = $name
            TwoLetterISOLanguageName = $name.Split('-')[0]
            IetfLanguageTag          = $name
        }
        $culture.PSObject.TypeNames.Insert(0, 'System.Globalization.CultureInfo')
        $culture.PSObject.Members.Add(
            [System.Management.Automation.PSScriptMethod]::new('ToString', { $this.Name }))
        $culture
    }
}

function global:Get-UICulture {
    [CmdletBinding()]
    param()
    Get-LabCulture
}

function global:Get-Culture {
    [CmdletBinding()]
    param()
    Get-LabCulture
}

function global:Get-ExecutionPolicy {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipelineByPropertyName)]
        [ValidateSet('MachinePolicy', 'UserPolicy', 'Process', 'CurrentUser', 'LocalMachine')]
        [string]$Scope,
        [switch]$List
    )
    $facts = @{
        MachinePolicy = 'machine_policy'
        CurrentUser   = 'user_policy'
        LocalMachine  = 'execution_policy'
    }
    $undefined = [Microsoft.PowerShell.ExecutionPolicy]::Undefined
    # In the order in which the first that is defined counts.
    $scopes = foreach ($name in 'MachinePolicy', 'UserPolicy', 'Process', 'CurrentUser',
        'LocalMachine') {
        $set = if ($facts.ContainsKey($name)) { $global:LabFacts[$facts[$name]] }
        $policy = if ($set) { [Microsoft.PowerShell.ExecutionPolicy]$set } else { $undefined }
        [pscustomobject]@{ Scope = $name; ExecutionPolicy = $policy }
    }
    if ($List) { return $scopes }
    foreach ($one in $scopes) {
        if ($Scope -eq $one.Scope) { return $one.ExecutionPolicy }
        if (-not $Scope -and $one.ExecutionPolicy -ne $undefined) { return $one.ExecutionPolicy }
    }
    # What a server takes where nothing is set.
    [Microsoft.PowerShell.ExecutionPolicy]::RemoteSigned
}

function global:Get-Date {
    [CmdletBinding(DefaultParameterSetName = 'net')]
    param(
        [Parameter(Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)]
        [Alias('LastWriteTime')] [datetime]$Date,
        [int]$Year, [int]$Month, [int]$Day, [int]$Hour, [int]$Minute, [int]$Second,
        [int]$Millisecond, [string]$DisplayHint,
        [Parameter(ParameterSetName = 'UFormat')] [string]$UFormat,
        [Parameter(ParameterSetName = 'net')] [string]$Format
    )
    process {
        if (-not $PSBoundParameters.ContainsKey('Date')) {
            # Asked anew, since a rehearsal may move the clock of a host that runs.
            $offset = (Invoke-LabHost 'host.facts')['clock_offset']
            $PSBoundParameters['Date'] = [datetime]::Now.AddSeconds([double]$offset)
        }
        Microsoft.PowerShell.Utility\Get-Date @PSBoundParameters
    }
}

function global:New-Object {
    [CmdletBinding(DefaultParameterSetName = 'Net')]
    param(
        [Parameter(ParameterSetName = 'Net', Mandatory, Position = 0)] [string]$TypeName,
        [Parameter(ParameterSetName = 'Com', Mandatory, Position = 0)] [string]$ComObject,
        [Parameter(ParameterSetName = 'Net', Position = 1)] [Alias('Args')] [object[]]$ArgumentList,
        [Parameter(ParameterSetName = 'Com')] [switch]$Strict,
        [System.Collections.IDictionary]$Property
    )
    if ($PSCmdlet.ParameterSetName -eq 'Com') {
        Deny-LabCommand $PSCmdlet "New-Object -ComObject $ComObject"
    }
    if ($TypeName -eq 'System.Security.Principal.WindowsPrincipal') {
        return New-LabPrincipal $ArgumentList
    }
    # A named mutex is one for the whole machine, and the machine is every host of every lab.
    if ($TypeName -match '^(?:System\.)?Threading\.Mutex$' -and $ArgumentList.Count -gt 1) {
        $given = @($ArgumentList)
        $given[1] = "$($given[1])-$($global:LabChannel.host)-$env:PSREBIND_LAB_PORT"
        $PSBoundParameters['ArgumentList'] = $given
    }
    Microsoft.PowerShell.Utility\New-Object @PSBoundParameters
}
