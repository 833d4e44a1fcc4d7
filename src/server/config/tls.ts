import { Type } from 'typebox';

const file = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));

/** Encryption of all ports, and certificates of clients. */
export const tlsSettings = {
  tlsCert: file('File with the certificate of the service and those that vouch for it, in PEM'),
  tlsKey: file('File with the private key of tlsCert, in PEM; needed with tlsCert'),
  tlsClientCa: file('File with the certificates, in PEM, that must vouch for those of clients'),
  tlsClientCertificates: Type.Enum(['required', 'optional'], {
    description: 'With tlsClientCa: whether a client without a certificate may say otherwise who it is',
    default: 'required',
  }),
  tlsClientScopes: Type.String({
    description:
      'What a client certificate lets its holder do, separated by commas: of infer, metrics, admin',
    default: 'infer',
    pattern: '^(?:infer|metrics|admin)(?:,(?:infer|metrics|admin))*$',
    examples: ['infer,metrics'],
  }),
  tlsMinVersion: Type.Enum(['TLSv1.2', 'TLSv1.3'], {
    description: 'Oldest version of TLS spoken',
    default: 'TLSv1.2',
  }),
};
