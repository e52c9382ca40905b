# The path cmdlets: the lab's own drives are answered here, every other path by the real cmdlet.

function global:Resolve-LabPath {
    param([string]$Path)
    $clean = $Path.Replace('/', '\').TrimEnd('\')
    $hklm = '^(?:HKLM:|(?:Microsoft\.PowerShell\.Core\\)?' +
        'Registry::\\?(?:HKLM|HKEY_LOCAL_MACHINE)(?=\\|$))\\*(.*)$'
    if ($clean -match $hklm) { return @{ drive = 'Registry'; path = $Matches[1] } }
    $cert = '^(?:Cert:|(?:Microsoft\.PowerShell\.Security\\)?Certificate::)\\*(.*)$'
    if ($clean -match $cert) { return @{ drive = 'Certificate'; path = $Matches[1] } }
    $file = '^(?:(?:Microsoft\.PowerShell\.Core\\)?FileSystem::)?' +
        '(C:\\Program Files\\psrebind(?:\\.*)?)$'
    if ($clean -match $file) { return @{ drive = 'File'; path = $Matches[1] } }
    if ($clean -match '^(?:HKCU:|(?:Microsoft\.PowerShell\.Core\\)?Registry::|IIS:|WSMan:|RDS:)') {
        return @{ drive = 'Unknown'; path = $clean }
    }
    $null
}

# Whether a command reaches what lies on one of the lab's drives.
function global:Test-LabReach {
    param([string]$Command, [string]$Drive)
    if ($Drive -eq 'Unknown') { return $false }
    if ($Command -eq 'Remove-Item' -and $Drive -eq 'Certificate') { return $true }
    if ($Command -in 'Get-Content', 'Set-Content', 'New-Item', 'Remove-Item') {
        return $Drive -eq 'File'
    }
    $Drive -ne 'File' -or $Command -eq 'Test-Path'
}

# A non-terminating error with the id that the real cmdlet's class gives it.
function global:Write-LabFault {
    param($Cmdlet, $Record)
    $name = $Cmdlet.MyInvocation.MyCommand.Name
    $id = $Record.FullyQualifiedErrorId.Split(',')[0]
    $class = "Microsoft.PowerShell.Commands.$($name.Replace('-', ''))Command"
    Set-LabErrorId $Record "$id,$class"
    $Cmdlet.WriteError($Record)
}

# Runs $Real for a path of this machine and $Lab (with the resolved path) for one of the lab's.
function global:Invoke-LabItem {
    param($Cmdlet, $Bound, [scriptblock]$Real, [scriptblock]$Lab)
    $key = if ($Bound.ContainsKey('LiteralPath')) { 'LiteralPath' } else { 'Path' }
    if (-not $Bound.ContainsKey($key)) { return & $Real $Bound }
    foreach ($path in @($Bound[$key])) {
        $target = Resolve-LabPath $path
        if ($null -eq $target) {
            $Bound[$key] = $path
            & $Real $Bound
            continue
        }
        $command = $Cmdlet.MyInvocation.MyCommand.Name
        if (-not (Test-LabReach $command $target.drive)) {
            Deny-LabCommand $Cmdlet "$command $path"
        }
        $listing = $command -eq 'Get-ChildItem' -and $target.drive -eq 'Registry'
        foreach ($other in 'Filter', 'Include', 'Exclude', 'Recurse', 'Depth', 'Credential') {
            if ($Bound.ContainsKey($other) -and -not ($listing -and $other -eq 'Recurse')) {
                Deny-LabCommand $Cmdlet "$command -$other $path"
            }
        }
        try {
            & $Lab $Cmdlet $target ($key -eq 'LiteralPath') $Bound
        } catch {
            # These the providers write; what is not simulated ends the command.
            $written = 'ObjectNotFound', 'ResourceExists', 'PermissionDenied'
            if ("$($_.CategoryInfo.Category)" -notin $written) { throw }
            Write-LabFault $Cmdlet $_
        }
    }
}

function global:Get-ItemProperty {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [Parameter(Position = 1)] [Alias('PSProperty')] [string[]]$Name,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Get-ItemProperty @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            if ($Target.drive -ne 'Registry') { Deny-LabCommand $Cmdlet 'Get-ItemProperty Cert:' }
            foreach ($key in Expand-LabRegistryKey $Target.path -Literal:$Literal) {
                $values = if ($Bound.ContainsKey('Name')) {
                    Select-LabRegistryValue $Cmdlet $key $Bound['Name']
                } else {
                    Get-LabRegistryValue $key
                }
                # As there: a key without values gives nothing at all.
                if ($values.Count -eq 0) { continue }
                $notes = Get-LabRegistryNote $key
                foreach ($note in $notes.Keys) { $values[$note] = $notes[$note] }
                New-LabObject $values
            }
        }
    }
}

function global:Get-ItemPropertyValue {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(ParameterSetName = 'Path', Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [Parameter(Mandatory, Position = 1)] [Alias('PSProperty')] [string[]]$Name,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Get-ItemPropertyValue @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            if ($Target.drive -ne 'Registry') {
                Deny-LabCommand $Cmdlet 'Get-ItemPropertyValue Cert:'
            }
            foreach ($key in Expand-LabRegistryKey $Target.path -Literal:$Literal) {
                $values = Select-LabRegistryValue $Cmdlet $key $Bound['Name']
                # The cmdlet unrolls nothing: bytes come as one array.
                foreach ($value in $values.Keys) { , $values[$value] }
            }
        }
    }
}

function global:Get-Item {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude, [switch]$Force,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Get-Item @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            if ($Target.drive -eq 'Certificate') {
                return Find-LabCertificate $Cmdlet $Target.path
            }
            foreach ($key in Expand-LabRegistryKey $Target.path -Literal:$Literal) {
                New-LabRegistryKey $key
            }
        }
    }
}

function global:Get-ChildItem {
    [CmdletBinding(DefaultParameterSetName = 'Items')]
    param(
        [Parameter(ParameterSetName = 'Items', Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralItems', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [Parameter(Position = 1)] [string]$Filter,
        [string[]]$Include, [string[]]$Exclude, [Alias('s')] [switch]$Recurse, [uint32]$Depth,
        [switch]$Force, [switch]$Name, [switch]$File, [Alias('ad', 'd')] [switch]$Directory
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Get-ChildItem @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            $children = if ($Target.drive -eq 'Certificate') {
                $where = Split-LabCertificatePath $Cmdlet $Target.path
                if ($where.thumbprint) { Find-LabCertificate $Cmdlet $Target.path }
                else { Get-LabStoreCertificate $where.store }
            } else {
                foreach ($key in Expand-LabRegistryKey $Target.path -Literal:$Literal) {
                    $prefix = if ($key) { "$key\" } else { '' }
                    $deep = $Bound.ContainsKey('Recurse') -and [bool]$Bound['Recurse']
                    $asked = @{ path = "HKLM:\$key"; recurse = $deep }
                    foreach ($row in Invoke-LabHost 'registry.keys' $asked) {
                        New-LabRegistryKey "$prefix$($row['name'])" $row
                    }
                }
            }
            foreach ($child in $children) {
                if ($Bound.ContainsKey('Name') -and $Bound['Name']) { $child.PSChildName }
                else { $child }
            }
        }
    }
}

function global:Test-Path {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [AllowNull()] [AllowEmptyString()] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory, ValueFromPipelineByPropertyName)]
        [Alias('PSPath')] [AllowNull()] [AllowEmptyString()] [string[]]$LiteralPath,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude,
        [Alias('Type')] [ValidateSet('Any', 'Container', 'Leaf')] [string]$PathType = 'Any',
        [switch]$IsValid,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            foreach ($key in 'Path', 'LiteralPath') {
                # The programs of the lab are functions, named like the files they stand for.
                if ($Bound.ContainsKey($key) -and $global:LabPrograms.Contains("$($Bound[$key])")) {
                    return "$($Bound['PathType'])" -ne 'Container'
                }
            }
            Microsoft.PowerShell.Management\Test-Path @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            $type = if ($Bound.ContainsKey('PathType')) { $Bound['PathType'] } else { 'Any' }
            if ($Target.drive -eq 'Certificate') {
                return Test-LabCertificatePath $Cmdlet $Target.path $type
            }
            if ($Target.drive -eq 'File') { return Test-LabFile $Target.path $type }
            $keys = @(Expand-LabRegistryKey $Target.path -Literal:$Literal)
            $there = @($keys | Where-Object { Test-LabRegistryKey $_ })
            $type -ne 'Leaf' -and $there.Count -gt 0
        }
    }
}
