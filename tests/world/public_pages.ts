import type { Json } from "./world.ts";

/** An OpenAPI document with the pages behind a mail's links, which are no part of the API's own. */
export function withPages(document: Json): Json {
  const answers = (...statuses: number[]) =>
    Object.fromEntries(statuses.map((status) => [status, { content: { "text/html": {} } }]));
  const submission = document.paths["/public/referral-requests/{token}/submit"].post.requestBody;
  const requestBody = {
    content: { "application/x-www-form-urlencoded": submission.content["application/json"] },
  };
  const page = {
    security: [],
    parameters: [{ name: "token", in: "path", schema: { type: "string" } }],
    isPage: true,
  };
  const pages = {
    "/refer/{token}": {
      get: { ...page, responses: answers(200, 404, 410) },
      post: { ...page, requestBody, responses: answers(201, 400, 404, 409, 410, 415, 429) },
    },
    "/public/unsubscribe/{token}": {
      get: { ...page, responses: answers(200, 404) },
      post: { ...page, requestBody, responses: answers(200, 404) },
    },
  };
  return { ...document, paths: { ...document.paths, ...pages } };
}
