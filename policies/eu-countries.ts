/** The countries of the European Union. Only commands use this table: in production the gateway reads `request.cf.isEUCountry`. */

/**
 * The 27 members of the European Union. The last change was on 1 February 2020.
 * https://european-union.europa.eu/principles-countries-history/eu-countries_en
 */
export const EU_MEMBERS: readonly string[] =
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");

/** Territories with a separate code: Åland, French Guiana, Guadeloupe, Saint Martin, Martinique, Réunion, Mayotte. */
const EU_TERRITORIES: readonly string[] = "AX GF GP MF MQ RE YT".split(" ");

/**
 * Whether Cloudflare counts a country as a part of the European Union, as of November 2026.
 * https://developers.cloudflare.com/ruleset-engine/rules-language/fields/reference/ip.src.is_in_european_union/
 */
export function isEuCountry(country: string): boolean {
  return EU_MEMBERS.includes(country) || EU_TERRITORIES.includes(country);
}
