/** When counts suffice for a decision. The report states what is missing to reach them. */

/** Eligible texts of each arm. */
export const MIN_TEXTS_PER_ARM = 1000;
/** Received records of all records. */
export const MIN_COVERAGE = 0.95;
/** Below it the split is not the asked one. Fabijan et al., KDD 2019. */
export const MIN_SAMPLE_RATIO_P = 0.001;
/** Of compared texts, with 95 % confidence: the accuracy loss is at most this, because accuracy can differ only where labels differ. */
export const MAX_DISAGREEMENT = 0.004;
/** Below a day, hours of the day weigh unevenly in a projection. */
export const MIN_DAYS_TO_PROJECT = 1;
