Add-LabWebsite $PSCmdlet $PSBoundParameters
