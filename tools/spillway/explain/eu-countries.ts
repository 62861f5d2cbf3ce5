/**
 * Which countries Cloudflare counts as the European Union, as of November 2026: the 27 members, and their territories that have
 * a code of their own (https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/ip.src.is_in_european_union/).
 * For `spillway explain` alone: in production the gateway asks `isEUCountry` of `request.cf`, and this table decides nothing.
 */

/** https://european-union.europa.eu/principles-countries-history/eu-countries_en; the last change was on 1 February 2020. */
export const EU_MEMBERS: readonly string[] =
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");

/** Åland, French Guiana, Guadeloupe, Saint Martin, Martinique, Réunion, Mayotte. */
const EU_TERRITORIES: readonly string[] = "AX GF GP MF MQ RE YT".split(" ");

export function isEuCountry(country: string): boolean {
  return EU_MEMBERS.includes(country) || EU_TERRITORIES.includes(country);
}
