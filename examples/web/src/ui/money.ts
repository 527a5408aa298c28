/** Prices as Stripe gives them: whole numbers of the currency's smallest unit. */

export interface Price {
  amount: number | null;
  currency: string | null;
  interval?: string | null;
  interval_count?: number | null;
}

/** `$9`, `¥900`: with the decimals that the currency has, where they are not all zero. */
export function money({ amount, currency }: Price): string {
  if (amount === null || !currency) return "";
  const style = { style: "currency", currency } as const;
  const digits = new Intl.NumberFormat("en", style).resolvedOptions().maximumFractionDigits ?? 2;
  return new Intl.NumberFormat("en", { ...style, trailingZeroDisplay: "stripIfInteger" }).format(amount / 10 ** digits);
}

export function priceOf(price: Price): string {
  const { interval, interval_count: count } = price;
  if (!interval) return money(price);
  return `${money(price)} ${count && count > 1 ? `every ${count} ${interval}s` : `a ${interval}`}`;
}

export const day = (
  time: string | null,
) => (time ? new Date(time).toLocaleDateString("en", { dateStyle: "long" }) : "");

export function bytes(count: number): string {
  const size = Math.max(1, Math.min(3, Math.floor(Math.log2(count) / 10)));
  const [value, unit] = [count / 2 ** (10 * size), ["KB", "MB", "GB"][size - 1]];
  return `${value.toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`;
}
