# Files and folders below C:\Program Files\psrebind, which live in the model of the host; the path
# commands of items.ps1 and these reach them, and every other path is the real cmdlet's.

function global:Test-LabFile {
    param([string]$Path, [string]$PathType = 'Any')
    $kind = Invoke-LabHost 'files.exists' @{ path = $Path }
    switch ($PathType) {
        'Leaf' { $kind -eq 'file' }
        'Container' { $kind -eq 'folder' }
        default { [bool]$kind }
    }
}

function global:Assert-LabText {
    param($Cmdlet, $Bound)
    $command = $Cmdlet.MyInvocation.MyCommand.Name
    foreach ($name in 'TotalCount', 'Tail', 'ReadCount', 'Delimiter', 'Wait', 'Stream',
        'PassThru') {
        if ($Bound.ContainsKey($name)) { Deny-LabCommand $Cmdlet "$command -$name" }
    }
    # Text in the model has no encoding.
    if ($Bound.ContainsKey('Encoding') -and "$($Bound['Encoding'])" -eq 'Byte') {
        Deny-LabCommand $Cmdlet "$command -Encoding Byte"
    }
}

function global:Get-Content {
    [CmdletBinding(DefaultParameterSetName = 'Path')]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [Parameter(ValueFromPipelineByPropertyName)] [long]$ReadCount,
        [Parameter(ValueFromPipelineByPropertyName)] [Alias('First', 'Head')] [long]$TotalCount,
        [Parameter(ValueFromPipelineByPropertyName)] [Alias('Last')] [int]$Tail,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude, [switch]$Force,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential,
        [string]$Delimiter, [switch]$Wait, [switch]$Raw, [object]$Encoding, [string]$Stream
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Get-Content @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            Assert-LabText $Cmdlet $Bound
            $text = Invoke-LabHost 'files.read' @{ path = $Target.path }
            if ($Bound.ContainsKey('Raw') -and $Bound['Raw']) { return $text }
            if ($text -ne '') { ($text -replace '\r?\n\z') -split '\r?\n' }
        }
    }
}

function global:Set-Content {
    [CmdletBinding(DefaultParameterSetName = 'Path', SupportsShouldProcess)]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [Parameter(Mandatory, Position = 1, ValueFromPipeline, ValueFromPipelineByPropertyName)]
        [AllowNull()] [AllowEmptyCollection()] [object[]]$Value,
        [switch]$PassThru,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude, [switch]$Force,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential,
        [switch]$NoNewline, [object]$Encoding, [string]$Stream
    )
    begin { $lines = [System.Collections.Generic.List[object]]::new() }
    process { foreach ($one in $Value) { $lines.Add($one) } }
    end {
        $PSBoundParameters['Value'] = $lines.ToArray()
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Set-Content @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            Assert-LabText $Cmdlet $Bound
            if (-not $Cmdlet.ShouldProcess($Target.path)) { return }
            $bare = $Bound.ContainsKey('NoNewline') -and $Bound['NoNewline']
            $end = if ($bare) { '' } else { "`r`n" }
            $text = -join @(foreach ($one in $Bound['Value']) { "$one$end" })
            $null = Invoke-LabHost 'files.write' @{ path = $Target.path; text = $text }
        }
    }
}

function global:New-Item {
    [CmdletBinding(DefaultParameterSetName = 'pathSet', SupportsShouldProcess)]
    param(
        [Parameter(ParameterSetName = 'pathSet', Mandatory, Position = 0,
            ValueFromPipelineByPropertyName)]
        [Parameter(ParameterSetName = 'nameSet', Position = 0, ValueFromPipelineByPropertyName)]
        [string[]]$Path,
        [Parameter(ParameterSetName = 'nameSet', Mandatory, ValueFromPipelineByPropertyName)]
        [AllowNull()] [AllowEmptyString()] [string]$Name,
        [Parameter(ValueFromPipelineByPropertyName)] [Alias('Type')] [string]$ItemType,
        [Parameter(ValueFromPipeline, ValueFromPipelineByPropertyName)] [Alias('Target')]
        [object]$Value,
        [switch]$Force,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\New-Item @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            if ($Bound['ItemType'] -ne 'Directory' -or $Bound.ContainsKey('Value')) {
                Deny-LabCommand $Cmdlet 'New-Item of another kind than Directory'
            }
            $path = $Target.path
            if ($Bound.ContainsKey('Name')) { $path += '\' + $Bound['Name'] }
            if (-not $Cmdlet.ShouldProcess($path)) { return }
            $again = $Bound.ContainsKey('Force') -and [bool]$Bound['Force']
            $null = Invoke-LabHost 'files.create_folder' @{ path = $path; again = $again }
            $cut = $path.LastIndexOf([char]'\')
            New-LabObject ([ordered]@{
                    Name = $path.Substring($cut + 1); FullName = $path; PSIsContainer = $true
                    PSPath = "Microsoft.PowerShell.Core\FileSystem::$path"
                }) 'System.IO.DirectoryInfo'
        }
    }
}

function global:Remove-Item {
    [CmdletBinding(DefaultParameterSetName = 'Path', SupportsShouldProcess)]
    param(
        [Parameter(ParameterSetName = 'Path', Mandatory, Position = 0, ValueFromPipeline,
            ValueFromPipelineByPropertyName)] [string[]]$Path,
        [Parameter(ParameterSetName = 'LiteralPath', Mandatory,
            ValueFromPipelineByPropertyName)] [Alias('PSPath')] [string[]]$LiteralPath,
        [string]$Filter, [string[]]$Include, [string[]]$Exclude, [switch]$Recurse, [switch]$Force,
        [Parameter(ValueFromPipelineByPropertyName)] [pscredential]$Credential,
        [string[]]$Stream,
        # The Cert: drive's own.
        [switch]$DeleteKey
    )
    process {
        Invoke-LabItem $PSCmdlet $PSBoundParameters {
            param($Bound)
            Microsoft.PowerShell.Management\Remove-Item @Bound
        } {
            param($Cmdlet, $Target, $Literal, $Bound)
            if (-not $Cmdlet.ShouldProcess($Target.path)) { return }
            if ($Target.drive -eq 'Certificate') { return Remove-LabCertificate $Cmdlet $Target.path }
            $null = Invoke-LabHost 'files.remove' @{ path = $Target.path }
        }
    }
}
