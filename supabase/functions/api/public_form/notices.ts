/** A page that only says something; shown by the function, and by the page that is hosted elsewhere. */
export type Notice = { title: string; paragraphs: string[]; done?: boolean };

export const thanks = (company: string, referrer: string): Notice => ({
  title: `Thank you, ${referrer}!`,
  paragraphs: [`Your friend's details are with ${company} now. They will get in touch, and say that you sent them.`],
  done: true,
});

export const submitted = (company: string): Notice => ({
  title: "This form has been sent",
  paragraphs: [
    `${company} has your friend's details already. Thank you!`,
    `Each link works once. To refer someone else, ask ${company} for a new one.`,
  ],
  done: true,
});

export const expired = (company: string): Notice => ({
  title: "This link has expired",
  paragraphs: [`To refer a friend, ask ${company} for a new link. It takes them a minute.`],
});

export const withdrawn = (company: string): Notice => ({
  title: "This link is no longer in use",
  paragraphs: [`${company} has taken it back. To refer a friend, ask them for a new one.`],
});

export const unknownLink: Notice = {
  title: "We cannot find this link",
  paragraphs: [
    "Please check that the whole link from your email is in the address bar, without a line break in it.",
    "If you were sent a newer email, the link in that one works.",
  ],
};

export const unavailable: Notice = {
  title: "We cannot be reached just now",
  paragraphs: ["Please try again in a minute. Your link stays the same."],
};

export const offline: Notice = {
  title: "You seem to be offline",
  paragraphs: ["Please check your connection, then load this page again."],
};

export const refused: Notice = {
  title: "This could not be read",
  paragraphs: ["Please go back to the form, and send it from there."],
};

export const unsubscribed = (company: string): Notice => ({
  title: "You are unsubscribed",
  paragraphs: [`${company} will not ask you for referrals again.`],
  done: true,
});
