# The classes of .NET that open a certificate's private key, for keys that lie in the model of a host.
# Types stand in for them under their names.

class LabRsaKeys {
    static [object] GetRSAPrivateKey([psobject]$certificate) {
        return Open-LabKey $certificate 'RSA'
    }
}

class LabECDsaKeys {
    static [object] GetECDsaPrivateKey([psobject]$certificate) {
        return Open-LabKey $certificate 'EC'
    }
}

$accelerators = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')
$namespace = 'System.Security.Cryptography.X509Certificates'
$accelerators::Add("$namespace.RSACertificateExtensions", [LabRsaKeys])
$accelerators::Add("$namespace.ECDsaCertificateExtensions", [LabECDsaKeys])

# A key that opens, nothing where there is none of that kind, or what Windows throws.
function global:Open-LabKey {
    param($Certificate, [string]$Algorithm)
    $ErrorActionPreference = 'Stop'
    $found = Invoke-LabHost 'store.key' @{
        store      = "$($Certificate.PSParentPath)".Split('\')[-1]
        thumbprint = $Certificate.PSChildName
    }
    if ($found['algorithm'] -ne $Algorithm) { return $null }
    if ($found['hresult']) {
        $exception = [System.Security.Cryptography.CryptographicException]::new($found['message'])
        $exception.HResult = [BitConverter]::ToInt32(
            [BitConverter]::GetBytes([uint32]$found['hresult']), 0)
        throw $exception
    }
    [System.IO.MemoryStream]::new()
}
