import { expect, test } from "vitest";

import { ApiError } from "./errors";
import { fieldErrors } from "./request";

test.each([
  ["a field of DRF's", { title: ["Too long."] }, { title: ["Too long."] }],
  ["several messages", { title: ["One.", "Two."] }, { title: ["One.", "Two."] }],
  ["DRF's detail", { detail: "Not yours." }, { "": ["Not yours."] }],
  ["DRF's errors of no field", { non_field_errors: ["No."] }, { "": ["No."] }],
  [
    "allauth's",
    { status: 400, errors: [{ message: "Taken.", code: "taken", param: "email" }] },
    { email: ["Taken."] },
  ],
  ["allauth's of no field", { errors: [{ message: "No.", code: "no" }] }, { "": ["No."] }],
  ["a page of HTML", null, {}],
  ["what no server of ours says", { errors: [1, null, {}], nested: { a: 1 } }, {}],
])("field errors are read from %s", (_, body, fields) => {
  expect(fieldErrors(body)).toEqual(fields);
});

test.each([
  [0, /cannot be reached/],
  [401, /Sign in again/],
  [429, /Wait/],
  [500, /Try again/],
])("status %i says what to do", (status, words) => {
  expect(new ApiError(status).message).toMatch(words);
});
