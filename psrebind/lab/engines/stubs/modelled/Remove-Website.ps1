Remove-LabWebsite $PSCmdlet $PSBoundParameters
