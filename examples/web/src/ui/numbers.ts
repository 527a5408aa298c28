const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `1.3K` */
export const compact = (count: number): string => short.format(count);
