// The names and signatures of Deno's `@std/assert`, over `node:assert`: CI cannot reach JSR. Where it can be reached,
// deno.json's import map can point at `jsr:@std/assert` instead, and this file can go.
import nodeAssert from "node:assert/strict";

export function assert(condition: unknown, message?: string): asserts condition {
  nodeAssert.ok(condition, message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, message);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  nodeAssert.match(actual, expected, message);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  nodeAssert.ok(
    actual.includes(expected),
    message ?? `${JSON.stringify(actual)} does not include ${JSON.stringify(expected)}`,
  );
}

// deno-lint-ignore no-explicit-any -- the signature of `@std/assert`
type ErrorClass<E extends Error> = new (...args: any[]) => E;

export function assertThrows<E extends Error>(fn: () => unknown, errorClass: ErrorClass<E>): void {
  nodeAssert.throws(fn, errorClass);
}
