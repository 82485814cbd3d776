/** How variants look everywhere: Wong's palette, told apart by dashes too. */

export interface VariantLook {
  readonly dark: string;
  readonly light: string;
  readonly dash: readonly number[];
}

const LOOKS: readonly VariantLook[] = [
  { dark: '#e69f00', light: '#a85a00', dash: [7, 4] },
  { dark: '#56b4e9', light: '#0072b2', dash: [] },
  { dark: '#cc79a7', light: '#a3487b', dash: [2, 3] },
  { dark: '#009e73', light: '#00775a', dash: [9, 3, 2, 3] },
];

export const variantLook = (index: number): VariantLook => LOOKS[index % LOOKS.length]!;

/** "fixed-time" -> "Fixed-time" */
export const title = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const COMPASS: Record<string, string> = { N: 'North', E: 'East', S: 'South', W: 'West' };
export const approachTitle = (name: string): string => COMPASS[name] ?? name;
