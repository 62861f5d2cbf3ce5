/** Pure. The country codes that `request.cf.country` can have, and the code that a mistyped one most likely meant. */
import { nearest } from "./messages/nearest.ts";

/** Cloudflare's codes of callers whose country is unknown: XX, and T1 for Tor. `residency.unknown` applies to them. */
export const UNKNOWN_COUNTRIES: readonly string[] = ["XX", "T1"];

/** In a residency rule: all members of the European Union. */
const EU = "EU";

/** ISO 3166-1: alpha-3 and alpha-2, and XK (Kosovo), which Cloudflare reports too. https://www.iso.org/iso-3166-country-codes.html */
const ISO_3166 = `
  AND=AD ARE=AE AFG=AF ATG=AG AIA=AI ALB=AL ARM=AM AGO=AO ATA=AQ ARG=AR ASM=AS AUT=AT AUS=AU ABW=AW ALA=AX AZE=AZ BIH=BA BRB=BB
  BGD=BD BEL=BE BFA=BF BGR=BG BHR=BH BDI=BI BEN=BJ BLM=BL BMU=BM BRN=BN BOL=BO BES=BQ BRA=BR BHS=BS BTN=BT BVT=BV BWA=BW BLR=BY
  BLZ=BZ CAN=CA CCK=CC COD=CD CAF=CF COG=CG CHE=CH CIV=CI COK=CK CHL=CL CMR=CM CHN=CN COL=CO CRI=CR CUB=CU CPV=CV CUW=CW CXR=CX
  CYP=CY CZE=CZ DEU=DE DJI=DJ DNK=DK DMA=DM DOM=DO DZA=DZ ECU=EC EST=EE EGY=EG ESH=EH ERI=ER ESP=ES ETH=ET FIN=FI FJI=FJ FLK=FK
  FSM=FM FRO=FO FRA=FR GAB=GA GBR=GB GRD=GD GEO=GE GUF=GF GGY=GG GHA=GH GIB=GI GRL=GL GMB=GM GIN=GN GLP=GP GNQ=GQ GRC=GR SGS=GS
  GTM=GT GUM=GU GNB=GW GUY=GY HKG=HK HMD=HM HND=HN HRV=HR HTI=HT HUN=HU IDN=ID IRL=IE ISR=IL IMN=IM IND=IN IOT=IO IRQ=IQ IRN=IR
  ISL=IS ITA=IT JEY=JE JAM=JM JOR=JO JPN=JP KEN=KE KGZ=KG KHM=KH KIR=KI COM=KM KNA=KN PRK=KP KOR=KR KWT=KW CYM=KY KAZ=KZ LAO=LA
  LBN=LB LCA=LC LIE=LI LKA=LK LBR=LR LSO=LS LTU=LT LUX=LU LVA=LV LBY=LY MAR=MA MCO=MC MDA=MD MNE=ME MAF=MF MDG=MG MHL=MH MKD=MK
  MLI=ML MMR=MM MNG=MN MAC=MO MNP=MP MTQ=MQ MRT=MR MSR=MS MLT=MT MUS=MU MDV=MV MWI=MW MEX=MX MYS=MY MOZ=MZ NAM=NA NCL=NC NER=NE
  NFK=NF NGA=NG NIC=NI NLD=NL NOR=NO NPL=NP NRU=NR NIU=NU NZL=NZ OMN=OM PAN=PA PER=PE PYF=PF PNG=PG PHL=PH PAK=PK POL=PL SPM=PM
  PCN=PN PRI=PR PSE=PS PRT=PT PLW=PW PRY=PY QAT=QA REU=RE ROU=RO SRB=RS RUS=RU RWA=RW SAU=SA SLB=SB SYC=SC SDN=SD SWE=SE SGP=SG
  SHN=SH SVN=SI SJM=SJ SVK=SK SLE=SL SMR=SM SEN=SN SOM=SO SUR=SR SSD=SS STP=ST SLV=SV SXM=SX SYR=SY SWZ=SZ TCA=TC TCD=TD ATF=TF
  TGO=TG THA=TH TJK=TJ TKL=TK TLS=TL TKM=TM TUN=TN TON=TO TUR=TR TTO=TT TUV=TV TWN=TW TZA=TZ UKR=UA UGA=UG UMI=UM USA=US URY=UY
  UZB=UZ VAT=VA VCT=VC VEN=VE VGB=VG VIR=VI VNM=VN VUT=VU WLF=WF WSM=WS XKX=XK YEM=YE MYT=YT ZAF=ZA ZMB=ZM ZWE=ZW
`;

const ALPHA_2_BY_ALPHA_3: ReadonlyMap<string, string> = byName(ISO_3166);

/** Other names, with _ for a space: codes of the EU, of the Olympic Games, of languages and of former countries, as far as no country has them in ISO 3166-1. */
const OTHER_NAMES: ReadonlyMap<string, string> = byName(`
  UK=GB EN=GB ENG=GB SCO=GB WAL=GB NIR=GB XI=GB ENGLAND=GB EL=GR GER=DE DD=DE SUI=CH DEN=DK NED=NL POR=PT CRO=HR SLO=SI BUL=BG
  JA=JP KO=KR ZH=CN CS=CZ DA=DK SU=RU YU=RS FX=FR AN=CW TP=TL ZR=CD BU=MM EUR=EU EUROPE=EU HOLLAND=NL AMERICA=US BRITAIN=GB
  TURKEY=TR MACEDONIA=MK BURMA=MM KOREA=KR UAE=AE SP=ES GREAT_BRITAIN=GB SCOTLAND=GB WALES=GB NORTHERN_IRELAND=GB
  CZECH_REPUBLIC=CZ DEUTSCHLAND=DE SCHWEIZ=CH SUISSE=CH ESPAÑA=ES ITALIA=IT EUROPEAN_UNION=EU
`);

/** Sorted. */
export const COUNTRIES: readonly string[] = [...ALPHA_2_BY_ALPHA_3.values()].toSorted();
const KNOWN: ReadonlySet<string> = new Set(COUNTRIES);

/** Whether a country has this code, in capitals. */
export function isCountry(code: string): boolean {
  return KNOWN.has(code);
}

/** What a residency rule may name. */
export const RESIDENCY_COUNTRIES: readonly string[] = [EU, ...COUNTRIES].toSorted();

/** @returns why a residency rule may not name it, with the next step: `no country has this code; did you mean GB (United Kingdom)?` */
export function describeUnknownCountry(text: string): string {
  if (UNKNOWN_COUNTRIES.includes(text.trim().toUpperCase())) {
    return "callers of unknown country have this code; set residency.unknown for them";
  }
  const code = nearestCountry(text);
  if (code !== null) return `no country has this code; did you mean ${named(code)}?`;
  const similar = RESIDENCY_COUNTRIES.filter((known) => known[0] === text.trim()[0]?.toUpperCase());
  const list = similar.length === 0 ? "" : `; codes with ${similar[0]?.[0]}: ${similar.join(", ")}`;
  return `no country has this code; must be ${ALLOWED_COUNTRY}${list}`;
}

export const ALLOWED_COUNTRY = 'a two-letter country code of ISO 3166-1 in capitals, or "EU"';

/** @returns the code that a text most likely meant: by another system's code, three letters, the country's name, or swapped letters */
export function nearestCountry(text: string): string | null {
  const word = text.trim().toUpperCase();
  if (RESIDENCY_COUNTRIES.includes(word)) return word;
  const other = OTHER_NAMES.get(word.replaceAll(/\s+/g, "_")) ?? ALPHA_2_BY_ALPHA_3.get(word);
  if (other !== undefined) return other;
  if (word.length === 2) {
    const swapped = `${word[1]}${word[0]}`;
    return isCountry(swapped) ? swapped : null;
  }
  // Of three letters one would have to change: that fits too many.
  if (word.length < 4) return null;
  const codeByName = new Map(COUNTRIES.map((code) => [nameOf(code).toUpperCase(), code]));
  return codeByName.get(nearest(word, [...codeByName.keys()]) ?? "") ?? null;
}

const named = (code: string) => (code === EU ? EU : `${code} (${nameOf(code)})`);

function nameOf(code: string): string {
  return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
}

/** @param pairs `name=code`, separated by white space */
function byName(pairs: string): Map<string, string> {
  const all = pairs.trim().split(/\s+/);
  return new Map(all.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}
