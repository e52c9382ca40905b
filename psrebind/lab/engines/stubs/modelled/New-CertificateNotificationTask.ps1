Add-LabNotification $PSCmdlet $PSBoundParameters
