# The PKI module's certificate notifications. Its commands are binary cmdlets, so that their class
# is part of an error's id.

function global:Stop-LabPki {
    param($Cmdlet, $Record)
    $name = $Cmdlet.MyInvocation.MyCommand.Name
    $class = "Microsoft.CertificateServices.Commands.$($name.Replace('-', ''))Command"
    if ($Record.CategoryInfo.Category -ne 'NotImplemented') {
        Set-LabErrorId $Record "$($Record.FullyQualifiedErrorId.Split(',')[0]),$class"
    }
    $Cmdlet.ThrowTerminatingError($Record)
}

function global:Invoke-LabPki {
    param($Cmdlet, [string]$Command, [System.Collections.IDictionary]$Arguments = @{})
    try {
        Invoke-LabHost $Command $Arguments
    } catch {
        Stop-LabPki $Cmdlet $_
    }
}

# A certificate is given as a path, or as an object that knows where it lies.
function global:Get-LabCertificatePath {
    param($Cmdlet, $Given)
    $path = if ($Given -is [string]) { $Given } elseif ($Given.PSObject.Properties['PSPath']) {
        $Given.PSPath
    } else {
        Deny-LabCommand $Cmdlet 'Switch-Certificate with a certificate of no store'
    }
    $place = Resolve-LabPath $path
    if ($null -eq $place -or $place.drive -ne 'Certificate') {
        Stop-LabPki $Cmdlet (New-LabError @{
                message        = "Cannot find path '$path' because it does not exist."
                error_id       = 'System.Management.Automation.ItemNotFoundException'
                category       = 'ObjectNotFound'
                exception_type = 'System.Management.Automation.ItemNotFoundException' } $path)
    }
    "Cert:\$($place.path)"
}

function global:Switch-LabCertificate {
    param($Cmdlet, $Bound)
    $old = Get-LabCertificatePath $Cmdlet $Bound['OldCert']
    $new = Get-LabCertificatePath $Cmdlet $Bound['NewCert']
    if (-not $Cmdlet.ShouldProcess($old)) { return }
    $only = $Bound.ContainsKey('NotifyOnly') -and [bool]$Bound['NotifyOnly']
    $null = Invoke-LabPki $Cmdlet 'pki.switch' @{ old = $old; new = $new; notify_only = $only }
}

function global:Add-LabNotification {
    param($Cmdlet, $Bound)
    if ($Bound.ContainsKey('RunTaskForExistingCertificates')) {
        Deny-LabCommand $Cmdlet 'New-CertificateNotificationTask -RunTaskForExistingCertificates'
    }
    if (-not $Cmdlet.ShouldProcess($Bound['Name'])) { return }
    $task = @{
        type    = $Bound['Type']
        channel = $Bound['Channel']
        script  = $Bound['PSScript']
        name    = $Bound['Name']
    }
    $row = Invoke-LabPki $Cmdlet 'pki.add_notification_task' $task
    if ($null -ne $row) { New-LabNotification $row }
}

function global:Find-LabNotification {
    param($Cmdlet)
    foreach ($row in Invoke-LabPki $Cmdlet 'pki.notification_tasks') { New-LabNotification $row }
}

function global:New-LabNotification {
    param($Row)
    $type = 'Microsoft.CertificateServices.Commands.CertificateNotificationTask'
    New-LabObject ([ordered]@{
            Name     = $Row['name']
            Type     = $Row['type']
            Channel  = $Row['channel']
            PSScript = $Row['script']
        }) $type
}

function global:Remove-LabNotification {
    param($Cmdlet, $Bound)
    if (-not $Cmdlet.ShouldProcess($Bound['Name'])) { return }
    $null = Invoke-LabPki $Cmdlet 'pki.remove_notification_task' @{ name = $Bound['Name'] }
}

function global:Add-LabSelfSigned {
    param($Cmdlet, $Bound)
    foreach ($name in @($Bound.Keys)) {
        if ($name -notin 'DnsName', 'CertStoreLocation', 'Confirm', 'WhatIf', 'Verbose') {
            Deny-LabCommand $Cmdlet "New-SelfSignedCertificate -$name"
        }
    }
    $place = Resolve-LabPath "$($Bound['CertStoreLocation'])"
    if ($null -eq $place -or $place.path -notlike 'LocalMachine\*') {
        Deny-LabCommand $Cmdlet 'New-SelfSignedCertificate outside Cert:\LocalMachine'
    }
    if (-not $Cmdlet.ShouldProcess($place.path)) { return }
    $store = $place.path.Split('\')[1]
    $row = Invoke-LabPki $Cmdlet 'pki.self_signed' @{ names = $Bound['DnsName']; store = $store }
    New-LabCertificate $store $row
}
