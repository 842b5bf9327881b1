/** Why the provider of single sign-on let nobody in, by the word that the server gives. */
const REFUSALS: Record<string, string> = {
  email: 'The provider did not say which e-mail is yours.',
  unverified: 'The provider has not verified your e-mail.',
  domain: 'Your e-mail is of a domain that may not come in here.',
  uninvited: 'Nobody has invited you yet. Ask an administrator.',
  disabled: 'You may not come in any more. Ask an administrator.',
  known: 'Your e-mail has a password here. Sign in by it, then connect the provider under Settings, Sessions.',
  taken: 'The provider says that you are somebody else than the one who came in before by that e-mail.',
};

/** What the word means; that it did not work, for any other. */
export const refusalOf = (word: string) => REFUSALS[word] ?? 'That did not work. Try again.';
