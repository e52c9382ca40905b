Add-LabSelfSigned $PSCmdlet $PSBoundParameters
