#!/bin/sh
# Makes the PKCS#12 files of the tests anew, in this folder: with OpenSSL 3 and a JDK's keytool.
# All are valid until the year 2099 or so; the password is `anypush` unless the name says otherwise.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
days=26500

authority() { # name, issuer (nothing: itself)
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=anypush test $1" \
        -keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
    echo "basicConstraints=critical,CA:true" > "$work/$1.ext"
    if [ -z "${2-}" ]; then signer="-signkey $work/$1.key"
    else signer="-CA $work/$2.pem -CAkey $work/$2.key"; fi
    # shellcheck disable=SC2086
    openssl x509 -req -in "$work/$1.csr" $signer -days $days -extfile "$work/$1.ext" \
        -out "$work/$1.pem" 2>/dev/null
}

client() { # name, options of the key
    name=$1; shift
    openssl req -new -newkey "$@" -noenc -subj "/CN=anypush test $name" \
        -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
    openssl x509 -req -in "$work/$name.csr" -CA "$work/second.pem" -CAkey "$work/second.key" \
        -days $days -out "$work/$name.pem" 2>/dev/null
}

pkcs12() { # file, client, options
    file=$1; name=$2; shift 2
    openssl pkcs12 -export -out "$file.p12" -in "$work/$name.pem" -inkey "$work/$name.key" "$@"
}

authority root
authority first root
authority second first
client ec ec -pkeyopt ec_paramgen_curve:P-256
client rsa rsa:2048
client ed25519 ed25519
# Not in the order of issue.
cat "$work/root.pem" "$work/second.pem" "$work/first.pem" > "$work/authorities.pem"
cat "$work/ec.pem" "$work/second.pem" "$work/first.pem" "$work/root.pem" > ec-chain.pem
cat "$work/rsa.pem" "$work/second.pem" "$work/first.pem" "$work/root.pem" > rsa-chain.pem
cat "$work/ed25519.pem" "$work/second.pem" "$work/first.pem" "$work/root.pem" > ed25519-chain.pem

chain="-certfile $work/authorities.pem"
password="-passout pass:anypush"
# shellcheck disable=SC2086
{
    pkcs12 ec ec $password
    pkcs12 ec-chain ec $password $chain
    pkcs12 rsa-chain rsa $password $chain
    # A key that says nothing of its public half.
    pkcs12 ed25519-chain ed25519 $password $chain
    # RC2-40 and 3DES, SHA-1: what Apple's Keychain and old tools write.
    pkcs12 ec-chain-rc2-40 ec $password $chain -legacy
    pkcs12 rsa-chain-rc2-40 rsa $password $chain -legacy
    # 3DES for both: what Windows writes.
    pkcs12 rsa-chain-3des rsa $password $chain -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
    pkcs12 ec-aes-128 ec $password -keypbe AES-128-CBC -certpbe AES-128-CBC -macalg sha512
    pkcs12 rsa-rc2-128 rsa $password -legacy -certpbe PBE-SHA1-RC2-128
    pkcs12 ec-empty-password ec -passout pass:
    pkcs12 ec-rc2-40-empty-password ec -passout pass: -legacy
    pkcs12 ec-unprotected ec -passout pass: -nomac -keypbe NONE -certpbe NONE
    pkcs12 ec-no-checksum ec $password -nomac
    pkcs12 ec-password-with-umlaut ec -passout pass:pässwörd€
    pkcs12 no-key ec $password -nokeys
}

store() { # file, alias, options
    file=$1; alias=$2; shift 2
    keytool -genkeypair -keystore "$file.p12" -storetype PKCS12 -storepass anypush -alias "$alias" \
        -dname "CN=anypush test $alias" -validity $days "$@" 2>/dev/null
}
rm -f keytool*.p12 two-keys.p12
store keytool-ec one -keyalg EC -groupname secp256r1
store keytool-rsa one -keyalg RSA -keysize 2048
store keytool-rsa-rc2-40 one -keyalg RSA -keysize 2048 -J-Dkeystore.pkcs12.legacy
store two-keys one -keyalg EC -groupname secp256r1
store two-keys two -keyalg EC -groupname secp256r1
