Remove-LabNotification $PSCmdlet $PSBoundParameters
