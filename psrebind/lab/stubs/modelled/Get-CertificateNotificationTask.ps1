Find-LabNotification $PSCmdlet
