# Cert:\LocalMachine\<store> and what lies in it. Archived certificates are not listed, as there.

function global:Get-LabStoreCertificate {
    param([string]$Store, [string]$Thumbprint)
    $wanted = @{ store = $Store }
    if ($Thumbprint) { $wanted['thumbprint'] = $Thumbprint }
    foreach ($row in Invoke-LabHost 'store.certificates' $wanted) {
        New-LabCertificate $Store $row
    }
}

function global:New-LabCertificate {
    param([string]$Store, $Row)
    $parent = "Microsoft.PowerShell.Security\Certificate::LocalMachine\$Store"
    $der = [byte[]]$Row['der']
    $certificate = [System.Management.Automation.PSObject]::AsPSObject(
        [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($der))
    $notes = [ordered]@{
        PSPath        = "$parent\$($Row['thumbprint'])"
        PSParentPath  = $parent
        PSChildName   = $Row['thumbprint']
        PSDrive       = 'Cert'
        PSProvider    = 'Microsoft.PowerShell.Security\Certificate'
        PSIsContainer = $false
        # The class on Linux knows neither; these notes hide its own properties.
        FriendlyName  = "$($Row['friendly_name'])"
        HasPrivateKey = [bool]$Row['has_private_key']
    }
    foreach ($name in $notes.Keys) {
        $certificate.PSObject.Properties.Add(
            [System.Management.Automation.PSNoteProperty]::new($name, $notes[$name]))
    }
    # The class on Linux refuses both.
    $archived = [bool]$Row['archived']
    $certificate.PSObject.Properties.Add([System.Management.Automation.PSScriptProperty]::new(
            'Archived', { $archived }.GetNewClosure(), {
                param($Value)
                $ErrorActionPreference = 'Stop'
                $null = Invoke-LabHost 'store.archive' @{
                    store      = "$($this.PSParentPath)".Split('\')[-1]
                    thumbprint = $this.PSChildName
                    archived   = [bool]$Value
                } }))
    $certificate
}

function global:New-LabStore {
    param([string]$Store)
    $null = Invoke-LabHost 'store.certificates' @{ store = $Store }
    $item = [pscustomobject]@{
        Name          = $Store
        PSPath        = "Microsoft.PowerShell.Security\Certificate::LocalMachine\$Store"
        PSParentPath  = 'Microsoft.PowerShell.Security\Certificate::LocalMachine'
        PSChildName   = $Store
        PSDrive       = 'Cert'
        PSProvider    = 'Microsoft.PowerShell.Security\Certificate'
        PSIsContainer = $true
    }
    $item.PSObject.TypeNames.Insert(0, 'Microsoft.PowerShell.Commands.X509StoreLocation')
    $item
}

# A path below Cert: as store and thumbprint; other locations are not simulated.
function global:Split-LabCertificatePath {
    param($Cmdlet, [string]$Path)
    $parts = @($Path.Split('\'))
    if ($parts[0] -ne 'LocalMachine' -or $parts.Count -lt 2 -or $parts.Count -gt 3) {
        Deny-LabCommand $Cmdlet "$($Cmdlet.MyInvocation.MyCommand.Name) Cert:\$Path"
    }
    $wild = [System.Management.Automation.WildcardPattern]
    if ($wild::ContainsWildcardCharacters($parts[1])) {
        Deny-LabCommand $Cmdlet "$($Cmdlet.MyInvocation.MyCommand.Name) Cert:\$Path"
    }
    @{ store = $parts[1]; thumbprint = $(if ($parts.Count -eq 3) { $parts[2] } else { '' }) }
}

function global:Find-LabCertificate {
    param($Cmdlet, [string]$Path)
    $where = Split-LabCertificatePath $Cmdlet $Path
    if (-not $where.thumbprint) { return New-LabStore $where.store }
    $wild = $where.thumbprint.Contains('*')
    $exact = if ($wild) { '' } else { $where.thumbprint }
    $found = @(Get-LabStoreCertificate $where.store $exact |
            Where-Object { $_.PSChildName -like $where.thumbprint })
    if (-not $found -and -not $wild) {
        $fault = @{
            message        = "Cannot find path 'Cert:\$Path' because it does not exist."
            error_id       = 'PathNotFound'
            category       = 'ObjectNotFound'
            exception_type = 'System.Management.Automation.ItemNotFoundException'
        }
        throw (New-LabError $fault "Cert:\$Path")
    }
    $found
}

function global:Test-LabCertificatePath {
    param($Cmdlet, [string]$Path, [string]$PathType)
    if ($Path -in '', 'LocalMachine', 'CurrentUser') { return $PathType -ne 'Leaf' }
    try {
        $found = @(Find-LabCertificate $Cmdlet $Path)
    } catch {
        if ($_.CategoryInfo.Category -eq 'ObjectNotFound') { return $false }
        throw
    }
    $container = $found.Count -gt 0 -and $found[0].PSIsContainer
    $found.Count -gt 0 -and
        ($PathType -eq 'Any' -or ($PathType -eq 'Container') -eq $container)
}

function global:Remove-LabCertificate {
    param($Cmdlet, [string]$Path)
    $where = Split-LabCertificatePath $Cmdlet $Path
    foreach ($certificate in @(Find-LabCertificate $Cmdlet $Path)) {
        $null = Invoke-LabHost 'store.remove' @{
            store = $where.store; thumbprint = $certificate.PSChildName }
    }
}
