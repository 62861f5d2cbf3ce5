/** Pure. The Durable Object location nearest to a caller, and so to the isolate that serves it. */

/** https://developers.cloudflare.com/durable-objects/reference/data-location/#provide-a-location-hint */
export const LOCATION_HINTS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type LocationHint = (typeof LOCATION_HINTS)[number];

/** Where nothing is known about the caller, as outside of Cloudflare. */
const DEFAULT_HINT: LocationHint = "enam";
/** About the middle of the United States, and the eastern border of Germany. */
const WEST_OF_LONGITUDE = { america: -100, europe: 15 };
/** Of Asia: the countries that Cloudflare's `me` serves best. */
const MIDDLE_EAST: ReadonlySet<unknown> = new Set(
  "AE BH CY EG GE AM AZ IL IQ IR JO KW LB OM PS QA SA SY TR YE".split(" "),
);

/** @param cf `request.cf`; undefined outside of Cloudflare */
export function locationHintOf(cf: unknown): LocationHint {
  const { continent, longitude, country } = { continent: null, longitude: null, country: null, ...Object(cf) };
  const degrees = Number.parseFloat(longitude);
  switch (continent) {
    case "NA":
      return degrees < WEST_OF_LONGITUDE.america ? "wnam" : "enam";
    case "SA":
      return "sam";
    case "EU":
      return degrees > WEST_OF_LONGITUDE.europe ? "eeur" : "weur";
    case "AS":
      return MIDDLE_EAST.has(country) ? "me" : "apac";
    case "OC":
      return "oc";
    case "AF":
      return "afr";
    default:
      return DEFAULT_HINT;
  }
}

/** Cloudflare's location that received the request, as `FRA`; empty if it is unknown. @param cf `request.cf` */
export function coloOf(cf: unknown): string {
  const { colo } = { colo: null, ...Object(cf) };
  return typeof colo === "string" && /^[A-Z]{3}$/.test(colo) ? colo : "";
}
