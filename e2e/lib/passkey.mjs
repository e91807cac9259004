/** Gives a user's page an authenticator of Chromium's, and returns the functions that turn its knobs. */
export const authenticator = async (who, options = {}) => {
  const client = await who.context.newCDPSession(who.page);
  await client.send('WebAuthn.enable');
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true, ...options,
    },
  });
  const send = (method, more = {}) => client.send(`WebAuthn.${method}`, { authenticatorId, ...more });
  return {
    send,
    credentials: async () => (await send('getCredentials')).credentials,
  };
};
